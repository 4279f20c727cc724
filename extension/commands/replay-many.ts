import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { Daemon } from '../connection/daemon-client.ts';
import { watchCanary, type CanaryResult } from '../dead-letters/canary.ts';
import type { DeadGroup } from '../dead-letters/dead-group.ts';
import { collectDeadLetters } from '../dead-letters/dead-selection.ts';
import { inBatches, type Tally } from '../selection/batches.ts';
import { askRate, askWay, type ReplayWay } from '../dead-letters/replay-way.ts';
import { tallyText } from '../selection/tally-text.ts';
import { formatNumber } from '../wording/amount.ts';

/** More ids than this don't go into one request. */
const maxIds = 1000;
const lookEveryMs = 500;

/** Counts first, says what will happen, offers to go carefully, and tells exactly what came of it. Answers with the tally. */
export async function replayMany(app: App, group: DeadGroup): Promise<Tally | undefined> {
  const daemon = await group.project.connection.ensure();
  const ids = await collectDeadLetters(daemon, group.selection);
  if (ids.length === 0) {
    void app.ask.tell('information', l10n.t('There are no dead letters of {0} to replay.', group.name));
    return undefined;
  }
  const way = ids.length === 1 ? ({ kind: 'all' } as const) : await askWay(app.ask, ids.length, group.name);
  if (way === undefined) return undefined;
  if (way.kind === 'canary') return replayCanary(app, group, daemon, ids, way.count);
  return told(app, await carryOut(daemon, ids, group, way));
}

async function replayCanary(app: App, group: DeadGroup, daemon: Daemon, ids: readonly string[], count: number): Promise<Tally> {
  const few = ids.slice(0, count);
  const others = ids.slice(count);
  const before = new Map((await Promise.all(few.map((id) => daemon.call('job/get', { id })))).map(({ id, attemptCount }) => [id, attemptCount]));
  const first = await carryOut(daemon, few, group, { kind: 'all' });
  if (first.done < few.length) return told(app, { ...first, total: ids.length });
  const result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Waiting for what was replayed first'), cancellable: true }, (progress, token) =>
    watchCanary(daemon, before, {
      isCancelled: () => token.isCancellationRequested,
      nextLook: () => delay(lookEveryMs),
      onProgress: ({ open }) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(count - open), formatNumber(count)) }),
    }),
  );
  const way = await askToGoOn(app, result, others.length);
  if (way === undefined) return told(app, { ...first, total: ids.length });
  const rest = await carryOut(daemon, others, group, way);
  return told(app, { ...rest, total: ids.length, done: first.done + rest.done });
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

function told(app: App, tally: Tally): Tally {
  app.log.info(tallyText('replayed', tally));
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', tallyText('replayed', tally));
  return tally;
}

async function carryOut(daemon: Daemon, ids: readonly string[], { selection }: Pick<DeadGroup, 'selection'>, way: ReplayWay): Promise<Tally> {
  if (way.kind === 'rate') {
    // In one request, because the daemon spaces what it gets in one.
    const what = ids.length <= maxIds ? { ids: [...ids] } : 'ids' in selection ? { ids: ids.slice(0, maxIds) } : { all: true, ...selection };
    const { replayed } = await daemon.call('dead/replay', { ...what, rate: way.rate });
    return { total: Math.max(ids.length, replayed), done: replayed, skipped: 0, isCancelled: false };
  }
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Replaying dead letters'), cancellable: true }, (progress, token) =>
    inBatches(ids, (batch) => daemon.call('dead/replay', { ids: batch }), {
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
    }),
  );
}
