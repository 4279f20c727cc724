import { CodedError } from '../../schemas/protocol/error.ts';
import { defaultQueueName, type QueueDefinition } from '../../schemas/workflow/model.ts';
import type { UndeclaredQueue } from '../../schemas/protocol/queue.ts';
import { english } from '../../schemas/wording/language.ts';
import { message } from '../../schemas/wording/message.ts';
import { undeclaredMessages } from '../../schemas/wording/queue.ts';
import type { Store } from '../store/store.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { EngineSettings } from './engine-settings.ts';

/** How long the declaration of `default` must have been gone, and nothing be in it, until it has the defaults again, in milliseconds. */
const forgetAfterMs = 60_000;

export interface UndeclaredQueuesOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'forgetLimits'>;
  readonly dispatcher: Dispatcher;
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
  /** A declaration was forgotten: the settings are to be applied again. */
  readonly onForgotten: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * The queues whose limits are not those of a file: a declaration that goes, breaks or is there twice opens no limit, because jobs that wait
 * were promised it. A person can move them, or release them.
 *
 * `default` differs from the others, as it takes jobs without being declared: when its declaration has been gone for some time and
 * nothing is in it, that was meant.
 */
export class UndeclaredQueues {
  readonly #options: UndeclaredQueuesOptions;
  #queues: ReadonlyMap<string, UndeclaredQueue> = new Map();
  #timer: Timer | undefined;

  constructor(options: UndeclaredQueuesOptions) {
    this.#options = options;
  }

  /** Why the limits of a queue are the last ones that were declared properly; undefined if they are what a file says, or it has none. */
  of(name: string): UndeclaredQueue | undefined {
    return this.#queues.get(name);
  }

  /** `holding`: the limits that hold now, of whatever queue. */
  apply({ queues, whyUndeclared }: Pick<EngineSettings, 'queues' | 'whyUndeclared'>, holding: readonly QueueDefinition[]): void {
    const { dispatcher, log } = this.#options;
    const declared = new Set(queues.map(({ name }) => name));
    const before = this.#queues;
    this.#queues = new Map(holding.filter((one) => !declared.has(one.name) && hasLimits(one)).map(({ name }) => [name, whyUndeclared(name)]));
    for (const [name, undeclared] of this.#queues) {
      const depth = dispatcher.queue(name).depth;
      if (before.get(name)?.reason !== undeclared.reason && waiting(depth) > 0) log.warn({ queue: name, ...undeclared, waiting: waiting(depth) }, english.paragraphOf(undeclaredMessages(name, undeclared)));
    }
    for (const name of before.keys()) if (declared.has(name)) log.info({ queue: name }, `${name} is declared again; its limits are those of its file`);
    this.#forgetDefaultLater();
  }

  /**
   * The last limits of a queue that no file declares hold no more: what is in it is let go.
   *
   * @throws CodedError `wrong-state` where a file declares it
   */
  async release(name: string): Promise<void> {
    const undeclared = this.of(name);
    if (undeclared === undefined) throw new CodedError('wrong-state', message('The queue {queue} has the limits that its file declares, or the defaults: there is nothing to release.', { queue: name }));
    if (undeclared.reason !== 'gone') throw new CodedError('wrong-state', message('The queue {queue} is declared in {files}: correct that, and its limits are what the file says.', { queue: name, files: undeclared.files.join(', ') }));
    const { store, log, dispatcher, onForgotten } = this.#options;
    await store.forgetLimits({ queue: name });
    log.warn({ queue: name, waiting: waiting(dispatcher.queue(name).depth) }, `the last limits of ${name} were released by hand; it has the defaults now`);
    await onForgotten();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #forgetDefaultLater(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#queues.get(defaultQueueName)?.reason !== 'gone') return;
    this.#timer = this.#options.clock.setTimer(forgetAfterMs, () => {
      void this.#forgetDefault()
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => this.#forgetDefaultLater());
    });
  }

  async #forgetDefault(): Promise<void> {
    const { dispatcher, store, log, onForgotten } = this.#options;
    if (waiting(dispatcher.queue(defaultQueueName).depth) > 0) return;
    const { forgotten } = await store.forgetLimits({ queue: defaultQueueName, onlyEmpty: true });
    if (!forgotten) return;
    log.info({ queue: defaultQueueName }, `${defaultQueueName} is no longer declared and nothing is in it; it has the defaults now`);
    await onForgotten();
  }
}

function hasLimits(definition: QueueDefinition): boolean {
  return Object.keys(definition).some((key) => key !== 'name');
}

function waiting({ pending, delayed, active, dead }: { readonly pending: number; readonly delayed: number; readonly active: number; readonly dead: number }): number {
  return pending + delayed + active + dead;
}
