import type { View } from '../../../../daemon/cli/terminal.ts';
import type { BulkView } from '../../../../schemas/protocol/bulk.ts';
import type { JobDetail, JobSummary } from '../../../../schemas/protocol/job.ts';
import type { QueueAlert, QueueView } from '../../../../schemas/protocol/queue.ts';
import type { RunDetail, StepView } from '../../../../schemas/protocol/run.ts';
import type { ScheduleView } from '../../../../schemas/protocol/trigger.ts';

/** What the daemon could answer, for renderers to draw. All ages are as of `now`. */

export const now = Date.parse('2026-11-24T10:00:00.000Z');

export const pipe: View = { width: undefined, style: (_format, text) => text, now, timeZone: 'UTC' };
export const terminal80: View = { ...pipe, width: 80 };

export const minutesAgo = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();

export function queue(fields: Partial<QueueView> = {}): QueueView {
  return {
    name: 'erp',
    declaredIn: '.sluice/queues.yaml',
    paused: false,
    rate: { limit: 100, perMs: 60_000, burst: 10 },
    concurrency: 10,
    overrides: { paused: false },
    depth: { pending: 12_345, delayed: 3, active: 10, dead: 0 },
    rateUsed: 87,
    throughputPerMinute: 96.4,
    failureRate: 0.004,
    oldestPendingAt: minutesAgo(7),
    forecast: { state: 'draining', drainMs: 7_400_000, limitedBy: 'rate' },
    alerts: [],
    ...fields,
  };
}

export function alert(fields: Partial<QueueAlert> = {}): QueueAlert {
  return { kind: 'depth', severity: 'warning', since: minutesAgo(2), value: 5200, threshold: 5000, unit: 'jobs', ...fields };
}

export function job(fields: Partial<JobSummary> = {}): JobSummary {
  return {
    id: 'j40',
    run: 'r12',
    workflow: 'deal',
    step: 'book',
    queue: 'erp',
    uses: 'http/request',
    state: 'dead',
    priority: 5,
    createdAt: minutesAgo(200),
    dueAt: minutesAgo(30),
    endedAt: minutesAgo(3),
    key: 'deal-7',
    index: 6,
    attemptCount: 5,
    error: { kind: 'status', cause: '503 Service Unavailable', message: 'The server answered 503 Service Unavailable.', status: 503 },
    ...fields,
  };
}

export function jobDetail(fields: Partial<JobDetail> = {}): JobDetail {
  const payload = { url: 'https://erp.example.com/deals', json: { id: 7 } };
  const error = { kind: 'status', cause: '503 Service Unavailable', message: 'The server answered 503 Service Unavailable.', status: 503 };
  return {
    ...job(),
    payload,
    idempotencyKey: 'sluice-j40-1',
    revisions: [{ revision: 1, createdAt: minutesAgo(200), payload, idempotencyKey: 'sluice-j40-1' }],
    attempts: [
      { number: 1, round: 1, revision: 1, state: 'failed', startedAt: minutesAgo(10), endedAt: minutesAgo(10), durationMs: 120, error },
      { number: 2, round: 1, revision: 1, state: 'failed', startedAt: minutesAgo(3), endedAt: minutesAgo(3), durationMs: 1_530, error },
    ],
    ...fields,
  };
}

export function step(fields: Partial<StepView> = {}): StepView {
  return {
    id: 'book',
    state: 'failed',
    onFailure: false,
    queue: 'erp',
    uses: 'http/request',
    foreach: true,
    expanded: true,
    duplicates: 0,
    warnings: 0,
    startedAt: minutesAgo(10),
    endedAt: minutesAgo(3),
    error: { kind: 'status', cause: '503', message: '2 of 1,000 items died, more than `tolerate` allows.' },
    jobs: { total: 1000, open: 0, succeeded: 998, dead: 2, cancelled: 0, discarded: 0 },
    ...fields,
  };
}

export function run(fields: Partial<RunDetail> = {}): RunDetail {
  return {
    id: 'r12',
    workflow: 'deal',
    version: '0123456789abcdef0123456789abcdef',
    state: 'failed',
    trigger: { kind: 'manual' },
    createdAt: minutesAgo(10),
    endedAt: minutesAgo(3),
    closing: false,
    error: { step: 'book', message: '2 of 1,000 items died.' },
    jobs: { total: 1000, open: 0, succeeded: 998, dead: 2, cancelled: 0, discarded: 0 },
    duplicates: 0,
    warnings: 0,
    inputs: { region: 'eu' },
    inputBytes: 15,
    steps: [step()],
    ...fields,
  };
}

export function bulk(fields: Partial<BulkView> = {}): BulkView {
  return { id: 'b3', action: 'replay', state: 'held', startedAt: minutesAgo(2), total: 1200, done: 5, skipped: 0, edited: 0, takenBack: 0, canary: 5, ...fields };
}

export function schedule(fields: Partial<ScheduleView> = {}): ScheduleView {
  return {
    id: 's1',
    workflow: 'mail',
    cron: '0 9 * * *',
    timezone: 'Europe/Berlin',
    missed: 'skip',
    withinMs: 86_400_000,
    paused: false,
    next: ['2026-11-25T08:00:00.000Z', '2026-11-26T08:00:00.000Z'],
    last: { scheduledAt: '2026-11-24T08:00:00.000Z', run: 'r12' },
    missedCount: 0,
    ...fields,
  };
}
