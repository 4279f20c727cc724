import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { joinResults, watchCanary, type CanaryResult } from '../dead-letters/canary.ts';
import type { DeadGroup } from '../dead-letters/dead-group.ts';
import { collectLots, type DeadLot } from '../dead-letters/dead-lot.ts';
import { askRate, askWay, type ReplayWay } from '../dead-letters/replay-way.ts';
import { messageOf } from '../log.ts';
import type { ProjectTally, Tally } from '../selection/batches.ts';
import { inLots, sumOf } from '../selection/lots.ts';
import { tallyText } from '../selection/tally-text.ts';
import { formatNumber } from '../wording/amount.ts';

/** More ids than this don't go into one request. */
const maxIds = 1000;
const lookEveryMs = 500;

/**
 * Counts first, says what will happen, offers to go carefully, and tells exactly what came of it. Answers with the tally. `groups`: one for each
 * project.
 */
export async function replayMany(app: App, groups: readonly DeadGroup[]): Promise<Tally | undefined> {
  const { lots, count, name } = await collectLots(groups);
  if (count === 0) {
    void app.ask.tell('information', l10n.t('There are no dead letters of {0} to replay.', name));
    return undefined;
  }
  const way = count === 1 ? ({ kind: 'all' } as const) : await askWay(app.ask, lots.map(({ ids }) => ids.length), name);
  if (way === undefined) return undefined;
  return told(app, sumOf(way.kind === 'canary' ? await replayCanary(app, lots, way.count) : await carryOut(lots, way)));
}

/** First so many of each project, because how those of one project go says nothing of another's. */
async function replayCanary(app: App, lots: readonly DeadLot[], count: number): Promise<readonly ProjectTally[]> {
  const few = lots.map((lot) => ({ ...lot, ids: lot.ids.slice(0, count) }));
  const others = lots.map((lot) => ({ ...lot, ids: lot.ids.slice(count) }));
  const before = await Promise.all(few.map(attemptCounts));
  const first = await carryOut(few, { kind: 'all' });
  if (first.some(({ tally }) => tally.done < tally.total)) return together(lots, first);
  const result = await watchAll(app, few, before);
  const way = await askToGoOn(app, result, others.reduce((sum, { ids }) => sum + ids.length, 0));
  return way === undefined ? together(lots, first) : together(lots, first, await carryOut(others, way));
}

async function attemptCounts({ daemon, ids }: DeadLot): Promise<ReadonlyMap<string, number>> {
  const jobs = await Promise.all(ids.map((id) => daemon.call('job/get', { id })));
  return new Map(jobs.map(({ id, attemptCount }) => [id, attemptCount]));
}

/** Where a daemon is lost, its jobs stand as they were last seen. */
async function watchAll({ log }: App, lots: readonly DeadLot[], before: readonly ReadonlyMap<string, number>[]): Promise<CanaryResult> {
  const results: CanaryResult[] = lots.map(({ ids }) => ({ succeeded: 0, failed: 0, open: ids.length }));
  const total = joinResults(results).open;
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Waiting for what was replayed first'), cancellable: true }, (progress, token) =>
    Promise.all(
      lots.map(async ({ project, daemon }, index) => {
        const onProgress = (result: CanaryResult): void => {
          results[index] = result;
          progress.report({ message: l10n.t('{0} of {1}', formatNumber(total - joinResults(results).open), formatNumber(total)) });
        };
        try {
          await watchCanary(daemon, before[index] ?? new Map(), { isCancelled: () => token.isCancellationRequested, nextLook: () => delay(lookEveryMs), onProgress });
        } catch (error) {
          log.warn(`${project.name}: ${messageOf(error)}`);
        }
      }),
    ),
  );
  return joinResults(results);
}

async function askToGoOn({ ask }: App, { succeeded, failed, open, cause }: CanaryResult, count: number): Promise<ReplayWay | undefined> {
  const all = l10n.t('Replay the Other {0}', formatNumber(count));
  const slowly = l10n.t('Replay Them Slowly…');
  const parts = [l10n.t('{0} succeeded', formatNumber(succeeded))];
  if (failed > 0) parts.push(cause === undefined ? l10n.t('{0} failed', formatNumber(failed)) : l10n.t('{0} failed ({1})', formatNumber(failed), cause));
  if (open > 0) parts.push(l10n.t('{0} are still open', formatNumber(open)));
  const chosen = await ask.tell(failed > 0 ? 'warning' : 'information', l10n.t('Of those replayed first: {0}. {1} others are as they were.', parts.join(', '), formatNumber(count)), all, slowly);
  return chosen === all ? { kind: 'all' } : chosen === slowly ? askRate(ask) : undefined;
}

/** What came of those that were first, and of the others, as of one. */
function together(lots: readonly DeadLot[], first: readonly ProjectTally[], rest?: readonly ProjectTally[]): readonly ProjectTally[] {
  return lots.map(({ project, ids }, index) => {
    const one = first[index]?.tally;
    const two = rest?.[index]?.tally;
    const both = { ...(two ?? one ?? { skipped: 0, isCancelled: false }), total: ids.length, done: (one?.done ?? 0) + (two?.done ?? 0) };
    return { project: project.name, tally: both };
  });
}

function told(app: App, tally: Tally): Tally {
  app.log.info(tallyText('replayed', tally));
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', tallyText('replayed', tally));
  return tally;
}

async function carryOut(lots: readonly DeadLot[], way: ReplayWay): Promise<readonly ProjectTally[]> {
  if (way.kind === 'rate') return Promise.all(lots.map(async (lot) => ({ project: lot.project.name, tally: await replayAtRate(lot, way.rate) })));
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Replaying dead letters'), cancellable: true }, (progress, token) =>
    inLots<string>(
      lots.map(({ project, daemon, ids }) => ({ project: project.name, items: ids, act: (batch) => daemon.call('dead/replay', { ids: batch }) })),
      {
        isCancelled: () => token.isCancellationRequested,
        onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
      },
    ),
  );
}

/** In one request, because the daemon spaces what it gets in one. It does all of it or nothing. */
async function replayAtRate({ daemon, ids, selection }: DeadLot, rate: string): Promise<Tally> {
  const what = ids.length <= maxIds ? { ids: [...ids] } : 'ids' in selection ? { ids: ids.slice(0, maxIds) } : { all: true, ...selection };
  const tally = { total: ids.length, done: 0, skipped: 0, isCancelled: false };
  try {
    const { replayed } = await daemon.call('dead/replay', { ...what, rate });
    return { ...tally, total: Math.max(ids.length, replayed), done: replayed };
  } catch (error) {
    return { ...tally, fault: messageOf(error) };
  }
}
