import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { HttpSink, SinkRequest } from '../support/http-sink.ts';

/** The life of one daemon, and which of the sink's requests it made. */
export interface Epoch {
  /** How it was ended: a fail point's name, `kill` or `stop`. */
  readonly end: string;
  /** Wall time, in milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly requests: readonly SinkRequest[];
}

/** What one kill has cost. */
export interface KillCost {
  readonly end: string;
  /** Requests that the daemon which was killed had made. */
  readonly requests: number;
  /** Attempts that were on disk as begun and not as ended. */
  readonly inFlight: number;
  /** Requests of those attempts that the receiver got: each of them may be followed by another one of the same job. */
  readonly received: number;
  /** Requests of this daemon whose job was sent again because of the kill. */
  readonly duplicates: number;
}

/** Divides what a receiver gets among the daemons that send it, one after the other. */
export class KillEpochs {
  readonly epochs: Epoch[] = [];
  readonly #sink: HttpSink;
  #from = 0;
  #startedAt = 0;

  constructor(sink: HttpSink) {
    this.#sink = sink;
  }

  /** Call it before a daemon is started. */
  begin(): void {
    this.#startedAt = Date.now();
  }

  /** Call it when the daemon's process is gone. Resolves when all that it sent has been received. */
  async end(end: string): Promise<void> {
    const endedAt = Date.now();
    // What it had sent still waits in the sockets: they close behind it.
    await this.#sink.disconnected(this.#sink.connections);
    this.epochs.push({ end, startedAt: this.#startedAt, endedAt, requests: this.#sink.requests.slice(this.#from) });
    this.#from = this.#sink.requests.length;
  }
}

/** What each epoch's end has cost, by what the receiver and the store have recorded. */
export function killCosts(epochs: readonly Epoch[], jobs: readonly JobDetail[]): KillCost[] {
  const jobByKey = new Map(jobs.flatMap((job) => job.revisions.map(({ idempotencyKey }) => [idempotencyKey, job] as const)));
  return epochs.map((epoch, index) => {
    const later = new Set(epochs.slice(index + 1).flatMap(({ requests }) => requests.map(webhookId)));
    const interrupted = new Set(jobs.filter((job) => job.attempts.some((attempt) => isOfCrash(attempt) && isWithin(epoch, attempt.startedAt))).map(({ id }) => id));
    const received = new Set(epoch.requests.map(webhookId).filter((key) => interrupted.has(jobByKey.get(key)?.id ?? '')));
    return {
      end: epoch.end,
      requests: epoch.requests.length,
      inFlight: interrupted.size,
      received: received.size,
      duplicates: [...received].filter((key) => later.has(key)).length,
    };
  });
}

export function webhookId({ headers }: SinkRequest): string {
  return String(headers['webhook-id']);
}

export function isOfCrash({ state, error }: JobDetail['attempts'][number]): boolean {
  return state === 'interrupted' && error?.cause === 'interrupted by a crash';
}

function isWithin({ startedAt, endedAt }: Epoch, time: string): boolean {
  const at = Date.parse(time);
  return at >= startedAt && at <= endedAt + 1;
}
