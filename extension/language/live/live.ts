import * as vscode from 'vscode';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { settings, languageId } from '../../base/ids.ts';
import { onShownTick, shownNow } from '../../base/shown-clock.ts';
import { EvaluateHover } from './evaluate-hover.ts';
import { FailureMarks, RateMarks } from './marks.ts';
import { LastRuns } from './last-runs.ts';
import { visibleDocuments, type LiveContext, liveDocument, rangeIn, type LiveDocument } from './live-document.ts';
import { Ticker } from './ticker.ts';
import { messageOf } from '../../wording/client-fault-text.ts';
import { lensesOf, type Lens } from './lenses.ts';

const everyMs = 1_000;

/** Live numbers in the editor: above names, at the lines of failures, and in hovers. Nothing happens while no file of ours is seen. */
export function startLive(context: LiveContext): void {
  const { projects, log, subscriptions } = context;
  const lastRuns = new LastRuns((error) => log.warn(messageOf(error)));
  const lenses = new LensProvider(context, lastRuns);
  const failures = new FailureMarks(context, lastRuns);
  const rates = new RateMarks(context);
  const pulse = new Ticker({ everyMs, isWatched: () => visibleDocuments(context).length > 0 });
  const stir = (): void => pulse.stir();
  for (const shown of [lenses, failures, rates]) shown.register();
  new EvaluateHover(context).register();
  subscriptions.push(
    pulse,
    // Ages such as `3m ago` move on though nothing else does.
    onShownTick(stir),
    pulse.onBeat(() => {
      for (const { project, path, places } of visibleDocuments(context)) {
        if (places.workflow !== undefined) void lastRuns.look(project, workflowIdOf(path));
      }
      for (const shown of [lenses, failures, rates]) shown.refresh();
    }),
    lastRuns.onDidChange(stir),
    projects.onDidChangeMirror(stir),
    projects.onDidChangeState(stir),
    vscode.window.onDidChangeVisibleTextEditors(stir),
    vscode.workspace.onDidChangeTextDocument(stir),
    vscode.languages.onDidChangeDiagnostics(stir),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration(settings.section)) return;
      lenses.redraw();
      stir();
    }),
  );
  stir();
}

/** Live numbers above the names that they are about. Drawn again only where a line reads otherwise than before, so that nothing flickers. */
class LensProvider implements vscode.CodeLensProvider {
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
