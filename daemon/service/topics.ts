import { formatBulkId, parseBulkId } from '../../schemas/protocol/bulk.ts';
import { formatRunId } from '../../schemas/protocol/id.ts';
import type { SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';
import type { DaemonLog } from '../log/daemon-log.ts';
import type { Engine } from '../engine/engine.ts';
import type { TopicHint, TopicSource } from '../server/topic.ts';
import type { Store } from '../store/store.ts';
import type { BulkService } from './bulk-service.ts';
import type { QueueService } from './queue-service.ts';
import type { Scheduler } from '../triggers/scheduler.ts';
import type { ScheduleService } from './schedule-service.ts';
import type { Webhooks } from '../triggers/webhooks.ts';
import type { RunService } from './run-service.ts';
import type { SignalService } from './signal-service.ts';
import type { StatusService } from './status-service.ts';

const shownRuns = 100;
const shownLines = 100;

export interface TopicsOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly queues: QueueService;
  readonly runs: RunService;
  readonly status: StatusService;
  readonly bulks: BulkService;
  readonly signals: SignalService;
  readonly webhooks: Webhooks;
  readonly schedules: ScheduleService;
  readonly scheduler: Scheduler;
  readonly log: DaemonLog;
}

/** What clients subscribe to, from the services that answer for it. */
export class Topics implements TopicSource {
  readonly #options: TopicsOptions;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  async snapshot(params: SubscribeParams): Promise<TopicState> {
    const { queues, store, runs, status, bulks, signals, log, schedules } = this.#options;
    switch (params.topic) {
      case 'queues':
        return { queues: await queues.list() };
      case 'runs':
        return { runs: (await store.listRuns({ limit: shownRuns, parentRun: null })).runs };
      case 'run':
        return { run: await runs.get(params.id) };
      case 'bulks':
        return bulks['bulk/list']({});
      case 'bulk':
        return { bulk: await bulks.get(parseBulkId(params.id) ?? 0) };
      case 'schedules':
        return { schedules: await schedules.list() };
      case 'waits':
        return signals['signal/list']({});
      case 'deliveries':
        return { deliveries: (await store.listDeliveries({ limit: shownRuns })).deliveries };
      case 'status':
        return { status: await status.status() };
      case 'log':
        return { lines: await log.tail(shownLines) };
    }
  }

  onChange(listener: (hint: TopicHint) => void): () => void {
    const { engine } = this.#options;
    const endings = [
      engine.onCommit(({ queues, runs }) => {
        // Not of what is written for itself, such as the series of queues.
        if (queues.length > 0 || runs?.length !== 0) listener({ queues: new Set(queues.map(({ name }) => name)), runs: runs && new Set(runs.map(formatRunId)) });
      }),
      engine.onAlert((queues) => listener({ queues, runs: new Set() })),
      engine.bulks.onChange((bulkId) => listener({ queues: new Set(), runs: new Set(), bulks: new Set([formatBulkId(bulkId)]) })),
      this.#options.scheduler.onChange(() => listener({ queues: new Set(), runs: new Set(), schedules: true })),
      this.#options.webhooks.onChange(() => listener({ queues: new Set(), runs: new Set(), deliveries: true })),
      engine.declarations.onChange(() => listener({ queues: undefined, runs: new Set() })),
      engine.onLimits(() => listener({ queues: undefined, runs: new Set() })),
    ];
    return () => {
      for (const end of endings) end();
    };
  }

  onLine(listener: (line: string) => void): () => void {
    return this.#options.log.onLine(listener);
  }
}
