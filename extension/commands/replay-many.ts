import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { parseRate } from '../../schemas/workflow/rate.ts';
import type { App } from '../app.ts';
import type { Asker } from '../ask/asker.ts';
import type { Daemon } from '../connection/daemon-client.ts';
import { collectDeadLetters, inBatches, type DeadSelection, type Tally } from '../dead-letters/dead-selection.ts';
import { tallyText } from '../dead-letters/tally-text.ts';
import type { Project } from '../project/project.ts';
import { formatNumber } from '../wording/amount.ts';

export interface ReplayManyOptions {
  readonly project: Project;
  readonly selection: DeadSelection;
  /** What is meant, for a person: `erp`, `503 Service Unavailable`. */
  readonly name: string;
}

type Way = { readonly kind: 'all' } | { readonly kind: 'canary'; readonly count: number } | { readonly kind: 'rate'; readonly rate: string };

/** More ids than this don't go into one request. */
const maxIds = 1000;

/** Counts first, says what will happen, offers to go carefully, and tells exactly what came of it. Answers with the tally. */
export async function replayMany(app: App, { project, selection, name }: ReplayManyOptions): Promise<Tally | undefined> {
  const daemon = await project.connection.ensure();
  const ids = await collectDeadLetters(daemon, selection);
  if (ids.length === 0) {
    void app.ask.tell('information', l10n.t('There are no dead letters of {0} to replay.', name));
    return undefined;
  }
  const way: Way | undefined = ids.length === 1 ? { kind: 'all' } : await askWay(app.ask, ids.length, name);
  if (way === undefined) return undefined;
  const tally = await carryOut(daemon, ids, selection, way);
  app.log.info(tallyText('replayed', tally));
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', tallyText('replayed', tally));
  return tally;
}

async function askWay(ask: Asker, count: number, name: string): Promise<Way | undefined> {
  const items = [
    { label: l10n.t('Replay all {0}', formatNumber(count)), detail: l10n.t("At once, as fast as the queue's own limits allow"), way: 'all' as const },
    { label: l10n.t('Try some first…'), detail: l10n.t('Only the oldest few, to see whether it works now'), way: 'canary' as const },
    { label: l10n.t('Replay all {0} slowly…', formatNumber(count)), detail: l10n.t('Spread out at a rate of your choice'), way: 'rate' as const },
  ];
  const title = l10n.t('Replay {0} dead letters of {1}', formatNumber(count), name);
  const picked = await ask.pick(items, { title, placeHolder: l10n.t('Each begins a new round of attempts: what it does is done again.') });
  switch (picked?.way) {
    case undefined:
      return undefined;
    case 'all':
      return { kind: 'all' };
    case 'canary': {
      const text = await ask.input({
        title: l10n.t('Try some first'),
        prompt: l10n.t('How many, the oldest first?'),
        value: '1',
        validateInput: (typed) => (isCount(typed, count) ? undefined : l10n.t('A whole number from 1 to {0}.', count)),
      });
      return text === undefined || !isCount(text, count) ? undefined : { kind: 'canary', count: Number(text) };
    }
    case 'rate': {
      const rate = await ask.input({
        title: l10n.t('Replay slowly'),
        prompt: l10n.t('How fast? Such as 10/min (per s, min, h or d)'),
        value: '10/min',
        validateInput: (typed) => (parseRate(typed.trim()).ok ? undefined : l10n.t('A rate is such as 10/min (per s, min, h or d).')),
      });
      return rate === undefined ? undefined : { kind: 'rate', rate: rate.trim() };
    }
  }
}

function isCount(text: string, most: number): boolean {
  return /^\d{1,7}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most;
}

async function carryOut(daemon: Daemon, ids: readonly string[], selection: DeadSelection, way: Way): Promise<Tally> {
  if (way.kind === 'rate') {
    // In one request, because the daemon spaces what it gets in one.
    const what = ids.length <= maxIds ? { ids: [...ids] } : 'ids' in selection ? { ids: ids.slice(0, maxIds) } : { all: true, ...selection };
    const { replayed } = await daemon.call('dead/replay', { ...what, rate: way.rate });
    return { total: ids.length, done: replayed, skipped: 0, isCancelled: false };
  }
  const meant = way.kind === 'canary' ? ids.slice(0, way.count) : ids;
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Replaying dead letters'), cancellable: true }, (progress, token) =>
    inBatches(meant, (batch) => daemon.call('dead/replay', { ids: batch }), {
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
    }),
  );
}
