import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { Delivered, DeliverParams } from '../ledger/delivery.ts';
import type { CreateRunParams, Store } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { StoreHealth } from './store-health.ts';

export interface IntakeOptions {
  readonly store: Store;
  readonly health: StoreHealth;
  readonly dispatcher: Dispatcher;
  readonly isStopping: () => boolean;
}

/** Accepts work: runs, and webhooks that start them. What it has accepted is kept, whatever becomes of this process. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @throws CodedError `stopping` or `store-unavailable`, where nothing can be accepted */
  assertAcceptingWork(): void {
    // First: it says more, where a store that is lost makes the daemon stop.
    this.#options.health.assertAcceptingWork();
    if (this.#options.isStopping()) throw new CodedError('stopping', message('The daemon is stopping; nothing was accepted.'));
  }

  /**
   * Accepts a run: when it resolves, the run is kept. `workflow` is what `params.text` means.
   *
   * @throws CodedError `stopping`, `store-unavailable` or `queue-full`
   */
  startRun(params: CreateRunParams, workflow: Workflow): Promise<{ readonly runId: number; readonly existed?: true }> {
    return this.#accept(workflow, () => this.#options.store.createRun(params));
  }

  /**
   * Keeps an incoming webhook, and accepts the run that it starts. `workflow`: what the text of that run means.
   *
   * @throws CodedError `stopping`, `store-unavailable` or `queue-full`
   */
  deliver(params: DeliverParams, workflow?: Workflow): Promise<Delivered> {
    return this.#accept(workflow, () => this.#options.store.deliver(params));
  }

  async #accept<Answer>(workflow: Workflow | undefined, write: () => Promise<Answer>): Promise<Answer> {
    this.assertAcceptingWork();
    if (workflow !== undefined) this.#expectJobs(workflow);
    try {
      return await write();
    } catch (error) {
      this.#options.health.note(error);
      throw error;
    }
  }

  /** Of steps that start with their run. */
  #expectJobs({ steps }: Workflow): void {
    for (const { needs, foreach, queue } of Object.values(steps)) {
      if (needs.length === 0 && foreach === undefined) this.#options.dispatcher.queue(queue).expectJob();
    }
  }
}
