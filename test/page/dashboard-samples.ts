import type { DeadGroup } from '../../schemas/protocol/job.ts';
import type { QueueView, SeriesPoint } from '../../schemas/protocol/queue.ts';
import { type Choice, rangePlans } from '../../extension/dashboard/choice.ts';
import type { MessageToPage, Now } from '../../extension/dashboard/dashboard-message.ts';
import { columnsOf, gridSpan } from '../../extension/dashboard/series-grid.ts';

/** What an extension would tell the page of a campaign that is being sent, an ERP that is down, and an enrichment that is nearly done. */

export const sampleNowMs = Date.parse('2026-11-24T09:30:00Z');
export const sampleFolder = 'file:///campaigns';

const before = (ms: number): string => new Date(sampleNowMs - ms).toISOString();

export const sampleQueues: readonly QueueView[] = [
  queue('enrichment', {
    rate: { limit: 100, perMs: 60_000, burst: 10 },
    rateUsed: 98,
    depth: { pending: 412, delayed: 0, active: 6, dead: 0 },
    concurrency: 10,
    throughputPerMinute: 97.6,
    failureRate: 0.012,
    waiting: { meanMs: 252_000, maxMs: 301_000 },
    running: { meanMs: 420, maxMs: 2100 },
    oldestPendingAt: before(248_000),
    forecast: { state: 'draining', drainMs: 254_000, limitedBy: 'rate' },
  }),
  queue('erp', {
    depth: { pending: 3, delayed: 41, active: 2, dead: 17 },
    drafts: { count: 3, savedAt: before(60_000) },
    concurrency: 5,
    throughputPerMinute: 0,
    failureRate: 0.94,
    waiting: { meanMs: 320, maxMs: 900 },
    running: { meanMs: 5020, maxMs: 10_000 },
    oldestPendingAt: before(4000),
    forecast: { state: 'stalled', reason: 'nothing-completes' },
    alerts: [
      { kind: 'failure-rate', severity: 'error', since: before(600_000), value: 0.94, threshold: 0.2, unit: 'share' },
      { kind: 'dead-letters', severity: 'error', since: before(300_000), value: 17, threshold: 1, unit: 'jobs' },
    ],
  }),
  queue('esp', {
    rate: { limit: 1000, perMs: 60_000, burst: 50 },
    rateUsed: 1000,
    depth: { pending: 31_870, delayed: 12, active: 20, dead: 2 },
    concurrency: 20,
    throughputPerMinute: 996,
    failureRate: 0.004,
    waiting: { meanMs: 1_124_000, maxMs: 1_180_000 },
    running: { meanMs: 310, maxMs: 1800 },
    oldestPendingAt: before(1_122_000),
    forecast: { state: 'draining', drainMs: 1_918_000, limitedBy: 'rate' },
    alerts: [{ kind: 'depth', severity: 'warning', since: before(1_900_000), value: 31_882, threshold: 5000, unit: 'jobs' }],
  }),
  queue('web', { depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, concurrency: 5, paused: true }),
];

export const sampleDead: readonly DeadGroup[] = [
  { queue: 'erp', group: 'http/request: 503 Service Unavailable', uses: 'http/request', title: '503 Service Unavailable', count: 12, newestAt: before(42_000), newest: 'j4031', oldestAt: before(3_600_000) },
  { queue: 'erp', group: 'http/request: connect ECONNREFUSED', uses: 'http/request', title: 'connect ECONNREFUSED', count: 5, edited: 3, newestAt: before(1_800_000), newest: 'j3998', oldestAt: before(4_000_000) },
  { queue: 'esp', group: 'email/send: 550 Mailbox unavailable', uses: 'email/send', title: '550 Mailbox unavailable', count: 2, newestAt: before(2_100_000), newest: 'j2017', oldestAt: before(2_400_000) },
];

export function sampleNow(choice: Choice, change: Partial<Now> = {}): MessageToPage {
  return {
    kind: 'now',
    now: { atMs: sampleNowMs, choice, projects: [{ folder: sampleFolder, name: 'campaigns' }], connection: 'connected', queues: sampleQueues, dead: sampleDead, otherDead: 0, ...change },
  };
}

export function sampleSeries(choice: Choice): MessageToPage {
  const plan = rangePlans[choice.range];
  const span = gridSpan({ nowMs: sampleNowMs, ...plan });
  const names = choice.queue === undefined ? sampleQueues.map(({ name }) => name) : [choice.queue];
  const queues = names.map((name) => columnsOf(name, pointsOf(name, span.fromMs, span.stepMs, span.steps), span));
  return { kind: 'series', choice, grid: { fromMs: span.fromMs, stepMs: span.stepMs, queues, leftOut: [] } };
}

/** Made up, but the same each time: a wave, and a ripple that looks like chance. */
function pointsOf(name: string, fromMs: number, stepMs: number, steps: number): readonly SeriesPoint[] {
  const minutes = stepMs / 60_000;
  const now = sampleQueues.find((one) => one.name === name);
  return Array.from({ length: steps }, (_, index): SeriesPoint => {
    const part = index / steps;
    const ripple = Math.abs(Math.sin(index * 12.9898) * 43_758.5453) % 1;
    const wave = (1 + Math.sin(part * 9)) / 2;
    const at = new Date(fromMs + index * stepMs).toISOString();
    const idle = { at, pending: 0, delayed: 0, active: 0, dead: 0, arrivals: 0, completions: 0, failures: 0 };
    switch (name) {
      case 'enrichment': {
        const left = Math.max(0, Math.round(2400 * (1 - part) ** 1.1 + 380));
        const waiting = { meanMs: left * 600, maxMs: left * 690 };
        return { ...idle, pending: left, active: 6, arrivals: index === 0 ? 2780 : 0, completions: Math.round((95 + 4 * ripple) * minutes), failures: ripple > 0.8 ? 1 : 0, waiting, running: { meanMs: 400 + 90 * ripple, maxMs: 2000 } };
      }
      case 'erp': {
        const isDown = part > 0.45;
        const failures = Math.round((isDown ? 16 * ripple : 0.3) * minutes);
        const completions = isDown ? 0 : Math.round((14 + 8 * wave + 3 * ripple) * minutes);
        const delayed = isDown ? Math.round(44 * Math.min(1, (part - 0.45) * 3)) : 0;
        return { ...idle, pending: Math.round(4 * ripple), delayed, active: isDown ? 2 : 1, dead: isDown ? 17 : 0, arrivals: completions + 1, completions, failures, waiting: { meanMs: 200 + 400 * ripple, maxMs: 1500 * ripple + 600 }, running: { meanMs: isDown ? 5000 : 350 + 100 * wave, maxMs: 10_000 } };
      }
      case 'esp': {
        const hasBegun = part > 0.2;
        if (!hasBegun) return { ...idle, arrivals: Math.round(3 * ripple * minutes), completions: Math.round(3 * ripple * minutes), active: 1, waiting: { meanMs: 40 + 30 * ripple, maxMs: 200 }, running: { meanMs: 280, maxMs: 600 } };
        const left = (now?.depth.pending ?? 0) + (1 - part) * 22_000;
        const completions = Math.round((985 + 15 * ripple) * minutes);
        return { ...idle, pending: Math.round(left), delayed: Math.round(12 + 10 * wave), active: 20, dead: 2, arrivals: part < 0.23 ? Math.round(18_000 * minutes) : Math.round(6 * ripple), completions, failures: Math.round(4 * ripple * minutes), waiting: { meanMs: (part - 0.2) * 1_400_000, maxMs: (part - 0.2) * 1_500_000 }, running: { meanMs: 290 + 60 * wave, maxMs: 1800 } };
      }
      default:
        return idle;
    }
  });
}

function queue(name: string, { depth, concurrency, ...rest }: Partial<QueueView> & Pick<QueueView, 'depth' | 'concurrency'>): QueueView {
  return { name, paused: false, overrides: { paused: false }, throughputPerMinute: 0, failureRate: 0, forecast: { state: 'idle' }, alerts: [], depth, concurrency, ...rest };
}
