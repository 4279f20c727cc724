import * as vscode from 'vscode';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { languageId, settings } from '../../base/ids.ts';
import { shownNow } from '../../base/shown-clock.ts';
import type { LastRuns } from './last-runs.ts';
import { lensesOf, type Lens } from './lenses.ts';
import { liveDocument, rangeIn, visibleDocuments, type LiveDocument, type LiveContext } from './live-document.ts';

/** Live numbers above the names that they are about. Drawn again only where a line reads otherwise than before, so that nothing flickers. */
export class LensProvider implements vscode.CodeLensProvider {
  readonly #context: LiveContext;
  readonly #lastRuns: LastRuns;
  readonly #changed = new vscode.EventEmitter<void>();
  /** As last handed to the editor. */
  readonly #drawn = new WeakMap<vscode.TextDocument, string>();
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(context: LiveContext, lastRuns: LastRuns) {
    this.#context = context;
    this.#lastRuns = lastRuns;
  }

  register(): void {
    this.#context.subscriptions.push(this.#changed, vscode.languages.registerCodeLensProvider({ language: languageId, scheme: 'file' }, this));
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const live = liveDocument(this.#context, document);
    if (live === undefined || !isOn()) return [];
    const lenses = this.#lenses(live);
    this.#drawn.set(document, textOf(lenses));
    return lenses.map(({ range, title, command, target }) => new vscode.CodeLens(rangeIn(document, range), { title, command, arguments: [target] }));
  }

  /** Something may read otherwise now. */
  refresh(): void {
    const hasNews = visibleDocuments(this.#context).some((live) => {
      const drawn = this.#drawn.get(live.document);
      return drawn !== undefined && drawn !== textOf(this.#lenses(live));
    });
    if (hasNews) this.#changed.fire();
  }

  /** The setting has changed. */
  redraw(): void {
    this.#changed.fire();
  }

  #lenses({ document, places, project, path }: LiveDocument): readonly Lens[] {
    const isConnected = project.daemon !== undefined;
    return lensesOf(places, {
      folder: project.folder,
      file: path,
      queue: (name) => (isConnected ? project.mirror.queue(name) : undefined),
      lastRun: isConnected ? this.#lastRuns.get(project, workflowIdOf(path)) : undefined,
      errors: vscode.languages.getDiagnostics(document.uri).filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error).length,
      nowMs: shownNow(),
      clock,
    });
  }
}

function isOn(): boolean {
  return vscode.workspace.getConfiguration(settings.section).get<boolean>(settings.codeLens, true);
}

function textOf(lenses: readonly Lens[]): string {
  return lenses.map(({ title }) => title).join('\n');
}

function clock(ms: number): string {
  return new Intl.DateTimeFormat(vscode.env.language, { hour: '2-digit', minute: '2-digit' }).format(ms);
}
