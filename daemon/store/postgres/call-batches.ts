import { CodedError } from '../../../schemas/protocol/error.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { ClaimParams } from '../../ledger/call.ts';
import type { Answer } from '../../ledger/decide.ts';
import type { StoreWrite } from '../store-calls.ts';
import type { Committed, Settled, SettleParams, Urgency } from '../store.ts';
import type { DaemonMemory } from './daemon-memory.ts';

/** What is done in a transaction, with others. */
export interface StoreCall {
  readonly name: StoreWrite | 'claim' | 'settle' | 'addItems' | 'takeOverItems';
  readonly params: object;
}

interface Queued extends StoreCall {
  readonly urgency: Urgency;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface Performed {
  /** One for each call, in their order. */
  readonly value: readonly Answer[];
  readonly committed: Committed;
}

export interface CallBatchesOptions {
  readonly clock: Clock;
  readonly memory: DaemonMemory;
  /** Makes calls in one transaction. `onSent`: its commit is on its way, and what follows it may be sent; not called if that has to wait. */
  readonly perform: (calls: readonly StoreCall[], onSent?: () => void) => Promise<Performed>;
  readonly onCommitted: (committed: Committed) => void;
}

/** Calls that share a transaction, at most. */
const maxBatch = 1000;
/** Lazy calls wait so long for others after the last batch has ended, in milliseconds. */
const lazyMs = 5;

/**
 * Calls that share transactions: those of one turn of the event loop are one, and those that come while it is under way are the next one. Claims and outcomes follow a transaction whose commit is on
 * its way; everything else waits until that has ended, and takes along what comes meanwhile.
 */
export class CallBatches {
  readonly #options: CallBatchesOptions;
  #queued: Queued[] = [];
  /** Until nothing is left that is to be sent now. */
  #sending: Promise<void> | undefined;
  /** What has been sent has been answered. */
  #ended: Promise<unknown> = Promise.resolve();
  /** Batches that have not. */
  #underWay = 0;
  #endedAt = -Infinity;
  #immediate: NodeJS.Immediate | undefined;
  #timer: Timer | undefined;

  constructor(options: CallBatchesOptions) {
    this.#options = options;
  }

  /** Lazy outcomes go with whatever is sent next, or after a while. A claim is never lazy here: it takes as long as a transaction, so it is asked for long before anybody waits for it. */
  call(name: StoreCall['name'], params: object, urgency: Urgency = 'immediate'): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#queued.push({ name, params, urgency: name === 'claim' ? 'immediate' : urgency, resolve, reject });
      if (this.#isUrgent) this.#sendNow();
      else this.#sendSoon();
    });
  }

  /** Sends what is left. Resolves when all has been answered. */
  async end(): Promise<void> {
    this.#flush();
    await this.#sending;
    await this.#ended;
  }

  get #isUrgent(): boolean {
    return this.#queued.some(({ urgency }) => urgency === 'immediate');
  }

  /** After the poll phase, so that everything that sockets brought in this turn goes along; or with the next batch. */
  #sendNow(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#sending === undefined) this.#immediate ??= setImmediate(() => this.#flush());
  }

  #sendSoon(): void {
    if (this.#queued.length === 0 || this.#underWay > 0 || this.#immediate !== undefined || this.#timer !== undefined || this.#sending !== undefined) return;
    const { clock } = this.#options;
    const waitMs = this.#endedAt + lazyMs - clock.monotonic();
    if (waitMs < 1) this.#sendNow();
    else this.#timer = clock.setTimer(waitMs, () => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#immediate);
    this.#timer?.cancel();
    this.#immediate = this.#timer = undefined;
    if (this.#queued.length > 0) this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    do {
      if (!areOfAttempts(this.#queued)) await this.#ended;
      const { promise: sent, resolve } = Promise.withResolvers<undefined>();
      this.#underWay++;
      const ended = this.#send(inOrder(this.#queued.splice(0, maxBatch), this.#options.memory), () => resolve(undefined)).finally(() => {
        this.#underWay--;
        this.#endedAt = this.#options.clock.monotonic();
        this.#sendSoon();
      });
      this.#ended = Promise.all([this.#ended, ended]);
      await Promise.race([sent, ended]);
    } while (this.#isUrgent || this.#queued.length >= maxBatch);
    // In the same turn in which nothing was left: what is called next begins another.
    this.#sending = undefined;
    this.#sendSoon();
  }

  /** A batch is one transaction; where that fails by a bug in one call, each call has one of its own. Is the server at fault, all are refused. */
  async #send(batch: readonly Queued[], onSent?: () => void): Promise<void> {
    let done: Performed;
    try {
      done = await this.#options.perform(batch, onSent);
    } catch (error) {
      const [only, ...others] = batch;
      if (error instanceof CodedError) for (const { reject } of batch) reject(error);
      else if (only !== undefined && others.length === 0) await this.#refuse(only, error);
      else for (const one of batch) await this.#send([one]);
      return;
    }
    for (const [index, { resolve, reject }] of batch.entries()) {
      const answer = done.value[index];
      if (answer?.ok === true) resolve(answer.value);
      else reject(answer?.error);
    }
    this.#options.onCommitted(done.committed);
  }

  async #refuse({ name, params, resolve, reject }: Queued, error: unknown): Promise<void> {
    if (name !== 'settle') {
      reject(error);
      return;
    }
    try {
      resolve(await this.#settleApart((params as { readonly outcomes: readonly SettleParams[] }).outcomes, error));
    } catch (unavailable) {
      reject(unavailable);
    }
  }

  /** Outcomes that failed together. */
  async #settleApart(outcomes: readonly SettleParams[], error: unknown): Promise<Settled> {
    if (outcomes.length === 1) return { refused: [], failed: [{ index: 0, error }] };
    const refused: number[] = [];
    const failed: { readonly index: number; readonly error: unknown }[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      try {
        const { value, committed } = await this.#options.perform([{ name: 'settle', params: { outcomes: [outcome] } }]);
        const [answer] = value;
        if (answer?.ok === true && (answer.value as Settled).refused.length > 0) refused.push(index);
        this.#options.onCommitted(committed);
      } catch (problem) {
        if (problem instanceof CodedError) throw problem;
        failed.push({ index, error: problem });
      }
    }
    return { refused, failed };
  }
}

/** Whether these are claims and outcomes, and nothing else. */
export function areOfAttempts(calls: readonly StoreCall[]): boolean {
  return calls.every(({ name }) => name === 'settle' || name === 'claim');
}

/**
 * Outcomes that share a transaction with claims alone are decided together, in one round trip, and before the claims where these can take what the outcomes free. Where no queue has a limit and others
 * write beside, they come after them: the rows of their steps are locked from then on, and others with outcomes of the same steps wait for that.
 */
function inOrder(batch: readonly Queued[], memory: DaemonMemory): readonly Queued[] {
  if (!areOfAttempts(batch)) return batch;
  const [outcomes, claims] = [batch.filter(({ name }) => name === 'settle'), batch.filter(({ name }) => name === 'claim')];
  const isUnlimited = claims.every(({ params }) => memory.isUnlimited((params as ClaimParams).queue));
  return isUnlimited && !memory.isAlone ? [...claims, ...outcomes] : [...outcomes, ...claims];
}
