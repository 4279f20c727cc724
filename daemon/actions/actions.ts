import type { Action } from './action.ts';
import { AddressGuard } from './address-guard.ts';
import { EmailSendAction } from './email-send.ts';
import { HttpClient } from './http-client.ts';
import { HttpRequestAction } from './http-request.ts';
import { WaitForAction } from './wait-for.ts';
import { WaitSignalAction } from './wait-signal.ts';
import { WebhookSendAction } from './webhook-send.ts';
import { type PrepareRun, WorkflowRunAction } from './workflow-run.ts';

export interface ActionsOptions {
  /** Sluice's version, for `user-agent`. */
  readonly version: string;
  /** Of `.sluice/config.yaml`. */
  readonly allowedAddresses?: readonly string[] | undefined;
  /** Ports that the daemon listens on; a live set, since they are known only after the start. */
  readonly ownPorts?: ReadonlySet<number>;
  /** For `workflow/run`. */
  readonly prepareRun: PrepareRun;
  /** For `HTTP_PROXY` and its like; `process.env` if it is missing. */
  readonly env?: NodeJS.ProcessEnv;
}

/** All actions, and what they share: one address guard, one HTTP client. */
export class Actions {
  readonly #client: HttpClient;
  readonly #actions: ReadonlyMap<string, Action>;

  constructor({ version, allowedAddresses, ownPorts, prepareRun, env = process.env }: ActionsOptions) {
    const guard = new AddressGuard({ allowedAddresses, ownPorts });
    this.#client = new HttpClient({ guard, version, env });
    const actions: readonly Action[] = [
      new HttpRequestAction(this.#client),
      new WebhookSendAction(this.#client),
      new EmailSendAction(guard),
      new WaitForAction(),
      new WaitSignalAction(),
      new WorkflowRunAction(prepareRun),
    ];
    this.#actions = new Map(actions.map((action) => [action.definition.name, action]));
  }

  /** The action of that name, as in `uses`. */
  get(name: string): Action | undefined {
    return this.#actions.get(name);
  }

  /** In the order of the reference. */
  list(): readonly Action[] {
    return [...this.#actions.values()];
  }

  /** Closes all connections; attempts that are still under way end as failed. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#actions.values()].map((action) => action.stop()));
    await this.#client.stop();
  }
}
