import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { AlertCrossings } from './alerts/alert-crossings.ts';
import { noticeAlerts, noticeWaits } from './alerts/notices.ts';
import type { App } from './commands/app.ts';
import { windowPrompter } from './ask/prompter.ts';
import { registerCommands } from './commands/all-commands.ts';
import { daemonLauncher } from '../client/daemon-launch.ts';
import { followWithContextKeys } from './context-keys.ts';
import { DaemonLogChannel } from './daemon/daemon-log-channel.ts';
import { Dashboard } from './dashboard/dashboard.ts';
import { noticeDaemons } from './daemon/daemon-notices.ts';
import { DeadLetterFiles, registerPayloadSchemas } from './documents/dead-letter-files.ts';
import { DocumentProvider, ShownTexts } from './documents/document-provider.ts';
import { ChosenRuns } from './language/live/last-runs.ts';
import { showLive } from './language/live/show-live.ts';
import { views as viewIds } from './base/ids.ts';
import { LanguageSupport } from './language/language-support.ts';
import { Projects } from './project/projects.ts';
import { syncSecrets, SecretKeeper } from './secrets/secret-keeper.ts';
import { publishSecretNames } from './secrets/secret-names.ts';
import { showBulkProgress } from './selection/bulk-progress.ts';
import { FollowedBulks } from './selection/unfollowed-bulks.ts';
import { Signal } from './base/signal.ts';
import { showStatusBar } from './status-bar/status-bar.ts';
import { openDeadLettersView } from './views/dead-letters.ts';
import { openQueuesView } from './views/queues.ts';
import { openRunsView } from './views/runs.ts';
import type { OpenTreeView } from './views/open-view.ts';
import { ViewFilters } from './views/view-filters.ts';
import { openWorkflowsView } from './views/workflows.ts';
import { useLanguage } from './wording/language.ts';

/** What `activate` answers with: for tests, which look at what a person would see and answer what a person would be asked. */
export interface SluiceApi {
  readonly app: App;
  readonly views: Readonly<Record<'queues' | 'runs' | 'deadLetters' | 'workflows', OpenTreeView>>;
  readonly statusBar: vscode.StatusBarItem;
  /** How long `activate` took, in milliseconds. */
  readonly activationMs: number;
}

let projects: Projects | undefined;
let language: LanguageSupport | undefined;

/** Connections are looked for after this has returned; nothing here waits for a disk or a daemon. */
export function activate(context: vscode.ExtensionContext): SluiceApi {
  const startedAtMs = performance.now();
  if (vscode.l10n.bundle !== undefined) l10n.config({ contents: vscode.l10n.bundle });
  useLanguage(vscode.env.language);
  const { subscriptions } = context;
  const log = vscode.window.createOutputChannel('Sluice', { log: true });
  const program = (name: string): string => path.join(context.extensionPath, 'dist', name);
  projects = new Projects({ log, version: versionOf(context), launch: daemonLauncher({ program: program('daemon.js'), execPath: process.execPath, env: process.env }) });
  const daemonLog = new DaemonLogChannel(log);
  language = new LanguageSupport({ log, client: program('language-client.cjs'), server: program('language-server.js') });
  const app: App = {
    projects,
    log,
    ask: windowPrompter,
    deadLetterFiles: new DeadLetterFiles({ projects, log, ask: () => app.ask, subscriptions }),
    texts: new ShownTexts(),
    daemonLog,
    chosenRuns: new ChosenRuns(),
    dashboard: new Dashboard({ projects, log, extensionUri: context.extensionUri, subscriptions }),
    alerts: new AlertCrossings(context.workspaceState),
    secrets: new SecretKeeper(context.secrets),
    followedBulks: new FollowedBulks(),
    filters: new ViewFilters(),
    views: new Map(),
    language,
    memory: context.workspaceState,
    refreshed: new Signal(),
    subscriptions,
    programs: { cli: program('cli.js') },
  };
  new DocumentProvider(app).register();
  subscriptions.push(app.texts.register());
  app.dashboard.register();
  subscriptions.push(registerPayloadSchemas());
  const views = { queues: openQueuesView(app), runs: openRunsView(app), deadLetters: openDeadLettersView(app), workflows: openWorkflowsView(app) };
  const statusBar = showStatusBar(app);
  noticeDaemons(app);
  noticeAlerts(app, () => app.views.get(viewIds.queues)?.view.visible === true);
  noticeWaits({ projects, log, ask: () => app.ask, memory: context.globalState, subscriptions });
  showBulkProgress({ ...app, ask: () => app.ask });
  showLive(app);
  syncSecrets({ ...app, trust: vscode.workspace });
  publishSecretNames({ ...app, onMayBeStale: (listener) => secretsMayBeStale(context, listener) });
  registerCommands(app);
  language.start();
  subscriptions.push(
    projects.onDidChangeState(() => {
      if (app.projects.all.length > 0) app.language.expectProject();
    }),
  );
  subscriptions.push(log, daemonLog, projects, followWithContextKeys(projects, app.deadLetterFiles));
  const activationMs = performance.now() - startedAtMs;
  log.info(`version ${versionOf(context)}, active after ${activationMs.toFixed(1)} ms`);
  return { app, views, statusBar, activationMs };
}

/** The daemons continue: they belong to the projects, not to this window. */
export async function deactivate(): Promise<void> {
  await Promise.all([projects?.close(), language?.stop()]);
}

/** Another window sets them in VS Code's own store, `sluice secrets` in the project's file; coming back from elsewhere covers the rest. */
function secretsMayBeStale({ secrets }: vscode.ExtensionContext, listener: () => void): vscode.Disposable {
  const file = vscode.workspace.createFileSystemWatcher('**/.sluice/state/secrets.env');
  return vscode.Disposable.from(
    file,
    file.onDidCreate(listener),
    file.onDidChange(listener),
    file.onDidDelete(listener),
    secrets.onDidChange(listener),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) listener();
    }),
  );
}

function versionOf({ extension }: vscode.ExtensionContext): string {
  const manifest: unknown = extension.packageJSON;
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string' ? manifest.version : '0.0.0';
}
