import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { commands, dashboardPanel, views } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Projects } from '../project/projects.ts';
import type { Disposable } from '../base/signal.ts';
import type { Target } from '../base/target.ts';
import { firstChoice, readChoice, type Choice } from './choice.ts';
import { DashboardFeed } from './dashboard-feed.ts';
import { dashboardHtml } from './dashboard-html.ts';
import { readMessageFromPage, type Act, type MessageFromPage, type MessageToPage } from './dashboard-message.ts';
import { say } from '../wording/language.ts';

export interface DashboardOptions {
  readonly projects: Projects;
  readonly log: Log;
  /** Of the extension's folder. */
  readonly extensionUri: vscode.Uri;
  readonly subscriptions: Disposable[];
}

/** The dashboard of the window: one panel, which can show every project of it. */
export class Dashboard {
  readonly #options: DashboardOptions;
  #open: { readonly panel: vscode.WebviewPanel; readonly feed: DashboardFeed } | undefined;

  constructor(options: DashboardOptions) {
    this.#options = options;
  }

  /** Lets VS Code bring the panel back after a reload of the window, with what it showed. */
  register(): void {
    this.#options.subscriptions.push(
      vscode.window.registerWebviewPanelSerializer(dashboardPanel, {
        deserializeWebviewPanel: async (panel: vscode.WebviewPanel, state: unknown): Promise<void> => this.#fill(panel, readChoice(state) ?? firstChoice),
      }),
      // The panel itself stays: VS Code brings it back when the window has been reloaded.
      { dispose: () => this.#open?.feed.dispose() },
    );
  }

  /** Shows the panel, which is made if there is none; with a target, that project or queue. Answers with what it shows. */
  show(target?: Target): Choice {
    if (this.#open === undefined) {
      const panel = vscode.window.createWebviewPanel(dashboardPanel, say('Sluice Dashboard'), vscode.ViewColumn.Active);
      this.#fill(panel, chosenBy(target, firstChoice));
    } else {
      this.#open.panel.reveal();
      if (target !== undefined) this.#open.feed.choose(chosenBy(target, this.#open.feed.choice));
    }
    return this.#open?.feed.choice ?? firstChoice;
  }

  #fill(panel: vscode.WebviewPanel, choice: Choice): void {
    this.#open?.panel.dispose();
    const { projects, log, extensionUri } = this.#options;
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(extensionUri, 'dist');
    webview.options = { enableScripts: true, enableForms: false, enableCommandUris: false, localResourceRoots: [dist] };
    const post = (message: MessageToPage): void => void webview.postMessage(message);
    const feed = new DashboardFeed({
      projects,
      post,
      log,
      now: () => Date.now(),
      later: (callback, ms) => {
        const timer = setTimeout(callback, ms);
        return { dispose: () => clearTimeout(timer) };
      },
    });
    feed.choose(choice);
    this.#open = { panel, feed };
    webview.onDidReceiveMessage((value: unknown) => {
      const message = readMessageFromPage(value);
      if (message === undefined) log.warn('the dashboard sent something that it never sends');
      else this.#receive(message, feed, post);
    });
    panel.onDidChangeViewState(() => {
      // A page that is shown again has been loaded again, and says when it is ready.
      if (!panel.visible) feed.hide();
    });
    panel.onDidDispose(() => {
      feed.dispose();
      if (this.#open?.panel === panel) this.#open = undefined;
    });
    const file = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.svg');
    webview.html = dashboardHtml({
      source: webview.cspSource,
      script: file('dashboard.js'),
      style: file('dashboard.css'),
      title: panel.title,
      language: vscode.env.language,
      nonce: randomBytes(16).toString('base64'),
    });
  }

  #receive(message: MessageFromPage, feed: DashboardFeed, post: (message: MessageToPage) => void): void {
    switch (message.kind) {
      case 'ready': {
        const { bundle } = vscode.l10n;
        post({ kind: 'texts', texts: { language: vscode.env.language, ...(bundle === undefined ? {} : { bundle }) } });
        feed.show();
        break;
      }
      case 'choose':
        feed.choose(message.choice);
        break;
      case 'act': {
        const { folder } = feed.choice;
        const { queue, group } = message;
        const target: Target | undefined = folder === undefined ? undefined : { folder, ...(queue === undefined ? {} : { queue }), ...(group === undefined ? {} : { group }) };
        void vscode.commands.executeCommand(commandOf(message.act), target);
        break;
      }
    }
  }
}

function chosenBy(target: Target | undefined, { range }: Choice): Choice {
  return target === undefined ? { range } : { range, folder: target.folder, ...(target.queue === undefined ? {} : { queue: target.queue }) };
}

function commandOf(act: Act): string {
  return act === 'showDeadLetters' ? `${views.deadLetters}.focus` : commands[act];
}
