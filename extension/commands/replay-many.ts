import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import { askEdits } from '../dead-letters/ask-edits.ts';
import type { DeadGroup } from '../dead-letters/dead-group.ts';
import { collectLots, type DeadLot } from '../dead-letters/dead-lot.ts';
import { followReplay, type FollowedReplay } from '../dead-letters/replay-follow.ts';
import { askRate, askWay, type ReplayWay } from '../dead-letters/replay-way.ts';
import type { Tally } from '../selection/batches.ts';
import { say } from '../wording/language.ts';
import { newestFailureText, outcomeText } from '../wording/job.ts';
import { showDocument } from '../documents/show-document.ts';

/**
 * Counts first, says what will happen, offers to go carefully, and tells exactly what came of it. Answers with the tally; undefined where a person
 * gave up.
 */
export async function replayMany(app: App, groups: readonly DeadGroup[]): Promise<Tally | undefined> {
  const { lots, count, edited, name } = await collectLots(groups);
  if (count === 0) {
    void app.ask.tell('information', l10n.t('There are no dead letters of {0} to replay.', name));
    return undefined;
  }
  // The edit of a single one is what a person sees in its row; of several, some may have been forgotten.
  const edits = count === 1 || edited === 0 ? 'send' : await askEdits(app.ask, { count, edited, name });
  if (edits === undefined) return undefined;
  const way = count === 1 ? ({ kind: 'all' } as const) : await askWay(app.ask, lots.map(({ ids }) => ids.length), name);
  if (way === undefined) return undefined;
  const originals = edits === 'keep';
  return way.kind === 'canary' ? replayCanary(app, lots, way.count, originals) : (await followReplay(app, lots, { way, originals })).tell();
}

/** First so many of each project, because how those of one project go says nothing of another's. */
async function replayCanary(app: App, lots: readonly DeadLot[], count: number, originals: boolean): Promise<Tally> {
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
async function askToGoOn(app: App, first: FollowedReplay, counts: readonly number[]): Promise<ReplayWay | undefined> {
  const { outcome } = first;
  const count = counts.reduce((sum, each) => sum + each, 0);
  const others = say('{count, plural, =1 {The other one is as it was.} other {# others are as they were.}}', { count });
  const said = `${l10n.t('Of those replayed first: {0}.', outcomeText(outcome, Date.now()))} ${others}`;
  if (outcome.dead + outcome.retrying + outcome.cancelled + outcome.discarded + outcome.waiting + outcome.active > 0) {
    const leave = l10n.t('Leave the Others');
    const open = l10n.t('Open the Failure');
    const anyway = l10n.t('Replay Them Anyway…');
    const failed = outcome.dead + outcome.retrying > 0;
    const chosen = await app.ask.tell('warning', [said, newestFailureText(outcome)].join(' ').trim(), leave, ...(failed ? [open] : []), anyway);
    if (chosen === open) await openFailed(first);
    return chosen === anyway ? askWay(app.ask, counts, l10n.t('the others')) : undefined;
  }
  const all = say('{count, plural, =1 {Replay the Other One} other {Replay the Other #}}', { count });
  const slowly = l10n.t('Replay Them Slowly…');
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
