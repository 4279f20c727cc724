import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface SendOrder {
  readonly port: number;
  /** `/hooks/deals` */
  readonly path: string;
  /** By which each is signed as GitHub does. */
  readonly secret: string;
  readonly connections: number;
  readonly count: number;
  /** Each request has an id of its own, from this number on. */
  readonly firstId: number;
}

export interface SentTally {
  readonly ms: number;
  /** How many were answered with each status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** From a request to its answer, each. */
  readonly answeredMs: readonly number[];
}

/** A sender of webhooks in a process of its own, which takes as little of the processor as it can; see `webhook-sender-program.ts`. */
export class WebhookSender {
  readonly #child: ChildProcess = fork(path.join(import.meta.dirname, 'webhook-sender-program.ts'), { execArgv: ['--disable-warning=ExperimentalWarning'] });
  #nextId = 1;

  async send(order: Omit<SendOrder, 'firstId'>): Promise<SentTally> {
    const answered = once(this.#child, 'message');
    this.#child.send({ ...order, firstId: this.#nextId } satisfies SendOrder);
    this.#nextId += order.count;
    const [tally] = (await answered) as [SentTally];
    return tally;
  }

  /** @throws Error where one wasn't accepted */
  async deliver(order: Omit<SendOrder, 'firstId'>): Promise<SentTally> {
    const tally = await this.send(order);
    if (tally.statuses[202] !== order.count) throw new Error(`of ${order.count} requests, not all were accepted: ${JSON.stringify(tally.statuses)}`);
    return tally;
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}
