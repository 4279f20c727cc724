import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { ReplayTally } from '../../schemas/protocol/replay.ts';
import type { App } from '../app.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { haveAnswered, watchReplay } from '../dead-letters/replay-watch.ts';
import { commands } from '../ids.ts';
import { messageOf } from '../log.ts';
import type { Target } from '../target.ts';
import { formatNumber, say } from '../wording/language.ts';

export interface Trial {
  readonly target: Target;
  /** Of the workflow. */
  readonly name: string;
  /** Jobs that wait for the outcome. */
  readonly rest: number;
}

const lookEveryMs = 500;
/** More first jobs than a run can have that tries five items: one `foreach` after the other waits. */
const maxJobs = 100;

/** Waits until each of the first items has an answer, tells what came of them, and offers what can be done with the others. */
export async function followTrial(app: App, daemon: Daemon, trial: Trial): Promise<void> {
  let result: ReplayTally;
  try {
    result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Trying the first items of {0}', trial.name), cancellable: true }, (progress, token) =>
      watch(daemon, trial.target.run ?? '', () => token.isCancellationRequested, (message) => progress.report({ message })),
    );
  } catch (error) {
    // The run waits in the daemon, and its row says so.
    app.log.warn(messageOf(error));
    return;
  }
  await tell(app, trial, result);
}

async function watch(daemon: Daemon, run: string, isCancelled: () => boolean, report: (message: string) => void): Promise<ReplayTally> {
  // Its items become jobs after the run has started.
  for (let detail = await daemon.call('run/get', { id: run }); detail.state === 'running' && detail.heldAfter === undefined && !isCancelled(); ) {
    await delay(lookEveryMs);
    detail = await daemon.call('run/get', { id: run });
  }
  const { jobs } = await daemon.call('job/list', { run, limit: maxJobs });
  return watchReplay(
    daemon,
    jobs.map(({ id }) => id),
    {
      isEnough: (tally) => haveAnswered(tally) || isCancelled(),
      nextLook: () => delay(lookEveryMs),
      onProgress: ({ active, waiting }) => report(l10n.t('{0} of {1}', formatNumber(jobs.length - active - waiting), formatNumber(jobs.length))),
    },
  );
}

async function tell({ ask }: App, { target, name, rest }: Trial, { succeeded, dead, retrying, active, waiting, error }: ReplayTally): Promise<void> {
  const failed = dead + retrying;
  const open = active + waiting;
  const cause = error?.cause;
  const go = l10n.t('Run the Rest');
  const look = l10n.t('Open Run');
  const stop = l10n.t('Cancel Run');
  const parts = [l10n.t('{0} succeeded', formatNumber(succeeded))];
  if (failed > 0) parts.push(cause === undefined ? l10n.t('{0} failed', formatNumber(failed)) : l10n.t('{0} failed ({1})', formatNumber(failed), cause));
  if (open > 0) parts.push(say('{count, plural, one {# is still open} other {# are still open}}', { count: open }));
  const waits = say('{count, plural, =1 {The other one waits.} other {The other # wait.}}', { count: rest });
  // What failed is to be looked at first.
  const actions = failed > 0 ? [look, stop, go] : [go, look, stop];
  const chosen = await ask.tell(failed > 0 ? 'warning' : 'information', `${l10n.t('{0} ({1}), first items: {2}.', name, target.run ?? '', parts.join(', '))} ${waits}`, ...actions);
  const command = chosen === go ? commands.continueRun : chosen === look ? commands.openRun : chosen === stop ? commands.cancelRun : undefined;
  if (command !== undefined) await vscode.commands.executeCommand(command, target);
}
