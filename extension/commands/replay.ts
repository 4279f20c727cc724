import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { App, Command } from './app.ts';
import { askProject } from '../ask/pickers.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { askDeadLetters, askDeadGroup, type DeadGroup, collectLots, type DeadLetterBatch } from '../dead-letters/dead-group.ts';
import { type FollowedReplay, followReplay } from '../dead-letters/replay-follow.ts';
import { haveAnswered, watchReplay } from '../selection/replay-watch.ts';
import { askEdits, askRate, pickReplayMode, type ReplayMode } from '../dead-letters/replay-mode.ts';
import { askDeadLetter } from '../documents/dead-letter-files.ts';
import { showDocument } from '../documents/document-provider.ts';
import { commands, views } from '../base/ids.ts';
import { deadConditions } from '../views/view-filters.ts';
import type { ReplayTally } from '../../schemas/protocol/bulk.ts';
import type { Tally } from '../selection/batches.ts';
import type { Target } from '../base/target.ts';
import { newestFailureText, outcomeText } from '../wording/job.ts';
import { say } from '../wording/language.ts';
import { messageOf } from '../wording/client-fault-text.ts';

/** The dead letter that was clicked, those that are selected, or those that are ticked in a list. */
const replay: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    const asked = await askDeadLetters(app, argument, selected, say('Which dead letters are to be replayed?'));
    return asked === undefined ? undefined : replayMany(app, asked);
  },
};

/** What the view shows: with a filter, what it leaves out is left alone. */
const replayAll: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const filter = app.filters.conditions(views.deadLetters);
    const shown = filter?.folder === project.folder ? filter : undefined;
    const { name } = project;
    return replayMany(app, [{ project, selection: shown === undefined ? {} : deadConditions(shown), name: shown === undefined ? name : say('{name}, as filtered', { name }) }]);
  },
};

const replayGroup: Command = {
  acts: true,
  run: async (app, argument) => {
    const group = await askDeadGroup(app, argument, say('Which dead letters are to be replayed?'));
    return group === undefined ? undefined : replayMany(app, [group]);
  },
};

/** Saves the payload in the editor and replays its job with it. Without an edit, the payload goes out as it is. */
const replayEdited: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, say('Which dead letter is to be replayed?'));
    if (asked === undefined) return undefined;
    const { folder, job, uri } = asked;
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
    // VS Code says why it couldn't be saved; nothing is sent then.
    if (document?.isDirty === true && !(await document.save())) return undefined;
    const project = app.projects.get(folder);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const sent = await followReplay(app, [{ project, daemon, ids: [job], edited: 0 }], { way: { kind: 'all' }, originals: false });
    await app.deadLetterFiles.changed(uri);
    return sent.tell().done;
  },
};

/**
 * Counts first, says what will happen, offers to go carefully, and tells exactly what came of it. Answers with the tally; undefined if a person
 * gave up.
 */
async function replayMany(app: App, groups: readonly DeadGroup[]): Promise<Tally | undefined> {
  const { lots, count, edited, name } = await collectLots(groups);
  if (count === 0) {
    void app.ask.tell('information', say('There are no dead letters of {name} to replay.', { name }));
    return undefined;
  }
  // The edit of a single one is what a person sees in its row; of several, some may have been forgotten.
  const edits = count === 1 || edited === 0 ? 'send' : await askEdits(app.ask, { count, edited, name });
  if (edits === undefined) return undefined;
  const way = count === 1 ? ({ kind: 'all' } as const) : await pickReplayMode(app.ask, lots.map(({ ids }) => ids.length), name);
  if (way === undefined) return undefined;
  const originals = edits === 'keep';
  return way.kind === 'canary' ? replayCanary(app, lots, way.count, originals) : (await followReplay(app, lots, { way, originals })).tell();
}

/** First so many of each project, because how those of one project go says nothing of another's. */
async function replayCanary(app: App, lots: readonly DeadLetterBatch[], count: number, originals: boolean): Promise<Tally> {
  const few = lots.map((lot) => ({ ...lot, ids: lot.ids.slice(0, count) }));
  const others = lots.map((lot) => ({ ...lot, ids: lot.ids.slice(count) })).filter(({ ids }) => ids.length > 0);
  const left = others.reduce((sum, { ids }) => sum + ids.length, 0);
  const first = await followReplay(app, few, { way: { kind: 'canary', count }, originals });
  if (first.wasStopped || first.tally.done < first.tally.total) return withOthers(first.tell(), left);
  const way = await askToGoOn(app, first, others.map(({ ids }) => ids.length));
  if (way === undefined) return withOthers(first.tally, left);
  const rest = (await followReplay(app, others, { way, originals })).tell();
  return { ...rest, total: rest.total + first.tally.total, done: rest.done + first.tally.done };
}

/** Those that were left alone are part of what was meant. */
function withOthers(tally: Tally, others: number): Tally {
  return { ...tally, total: tally.total + others };
}

/** Where a first one failed, to leave the others is the first answer; the failure is named, and can be looked at. */
async function askToGoOn(app: App, first: FollowedReplay, counts: readonly number[]): Promise<ReplayMode | undefined> {
  const { outcome } = first;
  const count = counts.reduce((sum, each) => sum + each, 0);
  const others = say('{count, plural, =1 {The other one is as it was.} other {# others are as they were.}}', { count });
  const said = `${say('Of those replayed first: {outcome}.', { outcome: outcomeText(outcome, Date.now()) })} ${others}`;
  if (outcome.dead + outcome.retrying + outcome.cancelled + outcome.discarded + outcome.waiting + outcome.active > 0) {
    const leave = say('Leave the Others');
    const open = say('Open the Failure');
    const anyway = say('Replay Them Anyway…');
    const failed = outcome.dead + outcome.retrying > 0;
    const chosen = await app.ask.tell('warning', [said, newestFailureText(outcome)].join(' ').trim(), leave, ...(failed ? [open] : []), anyway);
    if (chosen === open) await openFailed(first);
    return chosen === anyway ? pickReplayMode(app.ask, counts, say('the others')) : undefined;
  }
  const all = say('{count, plural, =1 {Replay the Other One} other {Replay the Other #}}', { count });
  const slowly = say('Replay Them Slowly…');
  const chosen = await app.ask.tell('information', said, all, slowly);
  return chosen === all ? { kind: 'all' } : chosen === slowly ? askRate(app.ask) : undefined;
}

/** The newest attempt of one that failed. */
async function openFailed({ lots }: FollowedReplay): Promise<void> {
  for (const { project, daemon, ids } of lots) {
    for (const id of ids.toReversed()) {
      const job = await daemon.call('job/get', { id });
      const attempt = job.attempts.at(-1);
      if (attempt?.error === undefined) continue;
      await showDocument({ folder: project.folder, subject: { kind: 'attempt', job: id, attempt: attempt.number } });
      return;
    }
  }
}

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
    result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Trying the first items of {trial}', { trial: trial.name }), cancellable: true }, (progress, token) =>
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
      onProgress: ({ active, waiting }) => report(say('{done} of {total}', { done: jobs.length - active - waiting, total: jobs.length })),
    },
  );
}

async function tell({ ask }: App, { target, name, rest }: Trial, { succeeded, dead, retrying, active, waiting, error }: ReplayTally): Promise<void> {
  const failed = dead + retrying;
  const open = active + waiting;
  const cause = error?.cause;
  const go = say('Run the Rest');
  const look = say('Open Run');
  const stop = say('Cancel Run');
  const parts = [say('{succeeded} succeeded', { succeeded })];
  if (failed > 0) parts.push(cause === undefined ? say('{failed} failed', { failed }) : say('{failed} failed ({cause})', { failed, cause }));
  if (open > 0) parts.push(say('{count, plural, one {# is still open} other {# are still open}}', { count: open }));
  const waits = say('{count, plural, =1 {The other one waits.} other {The other # wait.}}', { count: rest });
  // What failed is to be looked at first.
  const actions = failed > 0 ? [look, stop, go] : [go, look, stop];
  const chosen = await ask.tell(failed > 0 ? 'warning' : 'information', `${say('{name} ({run}), first items: {list}.', { name, run: target.run ?? '', list: parts.join(', ') })} ${waits}`, ...actions);
  const command = chosen === go ? commands.continueRun : chosen === look ? commands.openRun : chosen === stop ? commands.cancelRun : undefined;
  if (command !== undefined) await vscode.commands.executeCommand(command, target);
}

export const replayCommands = { replay, replayAll, replayGroup, replayEdited };
