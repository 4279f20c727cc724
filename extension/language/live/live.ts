import * as vscode from 'vscode';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { settings } from '../../base/ids.ts';
import { onShownTick } from '../../base/shown-clock.ts';
import { EvaluateHover } from './evaluate-hover.ts';
import { FailureMarks } from './marks.ts';
import { LastRuns } from './last-runs.ts';
import { LensProvider } from './lens-provider.ts';
import { visibleDocuments, type LiveContext } from './live-document.ts';
import { Ticker } from './ticker.ts';
import { RateMarks } from './rate-marks.ts';
import { messageOf } from '../../wording/client-fault-text.ts';

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
