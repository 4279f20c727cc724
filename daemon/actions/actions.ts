import type { ConnectionTest } from '../../schemas/protocol/connection.ts';
import type { Action, ResolvedConnection } from './action.ts';
import type { Clock } from '../core/clock.ts';
import { AddressGuard } from './address-guard.ts';
import { AccessTokens, type AccessTokensOptions } from './auth/access-tokens.ts';
import { testConnection } from './connection-test.ts';
import { EmailSendAction } from './email-send.ts';
import { FileWriteAction } from './file-write.ts';
import { HttpClient } from './http-client.ts';
import { HttpRequestAction } from './http-request.ts';
import { makeSandbox, type Sandbox } from './sandbox/sandbox.ts';
import { SqlQueryAction } from './sql-query.ts';
import { TransformJsonataAction } from './transform-jsonata.ts';
import { TransformScriptAction } from './transform-script.ts';
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
  readonly clock: Clock;
  /** Where tokens of connections are kept, and what keeps them out of texts. */
  readonly tokens: Pick<AccessTokensOptions, 'store' | 'mask'>;
  /** For `workflow/run`. */
  readonly prepareRun: PrepareRun;
  /** For `HTTP_PROXY` and its like; `process.env` if it is missing. */
  readonly env?: NodeJS.ProcessEnv;
}

/** All actions, and what they share: one address guard, one HTTP client. */
export class Actions {
  readonly #client: HttpClient;
  readonly #tokens: AccessTokens;
  readonly #actions: ReadonlyMap<string, Action>;
  readonly #http: HttpRequestAction;
  readonly #sql: SqlQueryAction;
  readonly #guard: AddressGuard;
  readonly #clock: Clock;
  readonly #sandbox: Sandbox;

  constructor({ version, allowedAddresses, ownPorts, clock, tokens, prepareRun, env = process.env }: ActionsOptions) {
    const guard = new AddressGuard({ allowedAddresses, ownPorts });
    this.#client = new HttpClient({ guard, version, env });
    this.#tokens = new AccessTokens({ client: this.#client, clock, ...tokens });
    this.#guard = guard;
    this.#clock = clock;
    this.#sandbox = makeSandbox(clock);
    this.#http = new HttpRequestAction(this.#client, { tokens: this.#tokens, clock });
    this.#sql = new SqlQueryAction(guard, clock);
    const actions: readonly Action[] = [
      this.#http,
      new WebhookSendAction(this.#client),
      new EmailSendAction(guard),
      new FileWriteAction(),
      this.#sql,
      new TransformJsonataAction(this.#sandbox),
      new TransformScriptAction(this.#sandbox),
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

  /** Calls the other side of a connection once; see `testConnection`. */
  test(connection: ResolvedConnection, path: string | undefined, projectFolder: string): Promise<ConnectionTest> {
    this.#tokens.askAgain(connection.name);
    return testConnection(connection, path, { http: this.#http, sql: this.#sql, guard: this.#guard, clock: this.#clock, projectFolder });
  }

  /** Closes all connections; attempts that are still under way end as failed. Idempotent. */
  async stop(): Promise<void> {
    this.#tokens.stop();
    this.#sandbox.stop();
    await Promise.all([...this.#actions.values()].map((action) => action.stop()));
    await this.#client.stop();
  }
}
