import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { alertSeverities, type QueueView } from '../../schemas/protocol/queue.ts';
import type { Clock } from '../core/clock.ts';
import type { ActivityTally } from '../core/queue-series.ts';
import type { Engine } from '../engine/engine.ts';
import { type Metric, metricsText, type Sample } from '../server/metrics-text.ts';
import type { StatusService } from './status-service.ts';

/** Whoever asks more often gets the same answer again: the store is not asked for each. In milliseconds. */
const freshMs = 1000;

export interface MetricsServiceOptions {
  readonly status: Pick<StatusService, 'status'>;
  readonly engine: Pick<Engine, 'dispatcher'>;
  readonly clock: Clock;
}

/** A queue as it is, and what it has done since the daemon began. */
interface QueueFacts {
  readonly view: QueueView;
  readonly total: ActivityTally;
}

/**
 * The figures of the daemon and its queues for Prometheus. Labels are names of queues, states and outcomes: their number is bounded by the files of the
 * project, and nothing of a job, a payload or a run is in them.
 */
export class MetricsService {
  readonly #options: MetricsServiceOptions;
  #last: { readonly at: number; readonly text: Promise<string> } | undefined;

  constructor(options: MetricsServiceOptions) {
    this.#options = options;
  }

  /** In Prometheus' text format, at most a second old. Rejects where the store can't be read. */
  text(): Promise<string> {
    const now = this.#options.clock.monotonic();
    if (this.#last === undefined || now - this.#last.at >= freshMs) {
      const text = this.#read();
      this.#last = { at: now, text };
      // The next one tries again.
      text.catch(() => (this.#last = undefined));
    }
    return this.#last.text;
  }

  async #read(): Promise<string> {
    const { status: service, engine, clock } = this.#options;
    const status = await service.status();
    const totals = new Map(engine.dispatcher.list().map((runner) => [runner.name, runner.total]));
    const queues = status.queues.flatMap((view) => {
      const total = totals.get(view.name);
      return total === undefined ? [] : [{ view, total }];
    });
    return metricsText([...daemonMetrics(status), ...processMetrics(status), ...queueMetrics(queues, clock.now())]);
  }
}

function daemonMetrics({ version, store, runs, problems, lateOutcomes, webhooks, machine }: DaemonStatus): Metric[] {
  return [
    gauge('sluice_build_info', 'The version of the daemon; its value is always 1.', [{ labels: { version }, value: 1 }]),
    gauge('sluice_store_up', 'Whether the store can be written: 1 or 0.', [{ value: flag(store.ok) }]),
    gauge('sluice_store_bytes', 'The size of the store.', [{ value: store.bytes }]),
    gauge('sluice_machine_ok', 'Whether this machine has what attempts need, such as a network: 1 or 0.', [{ value: flag(machine === undefined) }]),
    gauge('sluice_runs_running', 'Runs that have not ended.', [{ value: runs.running }]),
    gauge('sluice_file_problems', "Errors in the project's files.", [{ value: problems }]),
    counter('sluice_late_outcomes_total', 'Outcomes of attempts that had been given up; they were refused.', [{ value: lateOutcomes }]),
    gauge('sluice_webhooks_listening', 'Whether webhooks can be received: 1 or 0. Missing if no workflow has one.', webhooks === undefined ? [] : [{ value: flag(webhooks.state === 'listening') }]),
  ];
}

/** By the names that Prometheus' own clients use. */
function processMetrics({ startedAt }: DaemonStatus): Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    counter('process_cpu_seconds_total', 'Time of the processor that the daemon has used.', [{ value: (user + system) / 1e6 }]),
    gauge('process_resident_memory_bytes', 'Memory that the daemon holds.', [{ value: process.memoryUsage.rss() }]),
    gauge('process_start_time_seconds', 'When the daemon started, in seconds since 1970.', [{ value: Date.parse(startedAt) / 1000 }]),
  ];
}

function queueMetrics(queues: readonly QueueFacts[], now: number): Metric[] {
  const each = (samples: (facts: QueueFacts) => readonly Sample[]): Sample[] =>
    queues.flatMap((facts) => samples(facts).map((sample) => ({ ...sample, labels: { queue: facts.view.name, ...sample.labels } })));
  return [
    gauge('sluice_queue_jobs', 'Jobs of a queue by their state.', each(({ view: { depth } }) => Object.entries(depth).map(([state, value]) => ({ labels: { state }, value })))),
    gauge('sluice_queue_oldest_pending_seconds', 'How long the oldest pending job has been due; 0 if none is.', each(({ view: { oldestPendingAt } }) => [{ value: oldestPendingAt === undefined ? 0 : Math.max(0, now - Date.parse(oldestPendingAt)) / 1000 }])),
    counter('sluice_queue_arrived_total', 'Jobs that came to wait: made, replayed or taken up again.', each(({ total }) => [{ value: total.arrived }])),
    counter('sluice_queue_attempts_total', 'Attempts that have ended: succeeded, or failed and charged.', each(({ total }) => [{ labels: { outcome: 'succeeded' }, value: total.succeeded }, { labels: { outcome: 'failed' }, value: total.failed }])),
    summary('sluice_queue_attempt_seconds', 'How long attempts took.', each(({ total }) => spent(total.running))),
    summary('sluice_queue_wait_seconds', 'From when jobs were due until their attempts started.', each(({ total }) => spent(total.waiting))),
    gauge('sluice_queue_paused', 'Whether a person has paused the queue: 1 or 0.', each(({ view }) => [{ value: flag(view.paused) }])),
    gauge('sluice_queue_held', 'Whether a receiver has asked the queue to wait: 1 or 0.', each(({ view }) => [{ value: flag(view.heldUntil !== undefined) }])),
    gauge('sluice_queue_concurrency_limit', 'Attempts that the queue may have at the same time.', each(({ view }) => [{ value: view.concurrency }])),
    gauge('sluice_queue_drain_seconds', 'The time until no job waits, as it looks now. Missing where that is not known.', each(({ view: { forecast } }) => (forecast.state === 'idle' ? [{ value: 0 }] : forecast.drainMs === undefined ? [] : [{ value: forecast.drainMs / 1000 }]))),
    gauge('sluice_queue_alerts', 'Thresholds of the queue that are crossed.', each(({ view: { alerts } }) => alertSeverities.map((severity) => ({ labels: { severity }, value: alerts.filter((alert) => alert.severity === severity).length })))),
  ];
}

function spent({ count, totalMs }: ActivityTally['running']): readonly Sample[] {
  return [{ suffix: '_sum', value: totalMs / 1000 }, { suffix: '_count', value: count }];
}

function flag(is: boolean): number {
  return is ? 1 : 0;
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function summary(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'summary', help, samples };
}
