import * as vscode from 'vscode';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { App } from '../../app.ts';
import { settings } from '../../ids.ts';
import { messageOf } from '../../log.ts';
import { onShownTick } from '../../shown-clock.ts';
import { EvaluateHover } from './evaluate-hover.ts';
import { FailureMarks } from './marks.ts';
import { LastRuns } from './last-runs.ts';
import { LensProvider } from './lens-provider.ts';
import { visibleDocuments } from './live-document.ts';
import { Pulse } from './pulse.ts';
import { RateMarks } from './rate-marks.ts';

const everyMs = 1_000;

/** Live numbers in the editor: above names, at the lines of failures, and in hovers. Nothing happens while no file of ours is seen. */
export function startLive(app: App): void {
  const { projects, log, subscriptions } = app;
  const lastRuns = new LastRuns((error) => log.warn(messageOf(error)));
  const lenses = new LensProvider(app, lastRuns);
  const failures = new FailureMarks(app, lastRuns);
  const rates = new RateMarks(app);
  const pulse = new Pulse({ everyMs, isWatched: () => visibleDocuments(app).length > 0 });
  const stir = (): void => pulse.stir();
  for (const shown of [lenses, failures, rates]) shown.register();
  new EvaluateHover(app).register();
  subscriptions.push(
    pulse,
    // Ages such as `3m ago` move on though nothing else does.
    onShownTick(stir),
    pulse.onBeat(() => {
      for (const { project, path, places } of visibleDocuments(app)) {
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
