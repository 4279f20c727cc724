import type { Action } from '../actions/action.ts';
import type { Clock } from '../core/clock.ts';
import type { Declared } from '../ledger/declarations.ts';
import type { UndeclaredQueue } from '../../schemas/protocol/queue.ts';
import type { Message } from '../../schemas/wording/message.ts';
import type { Connection } from '../../schemas/workflow/connections/connection.ts';
import type { ProjectConfig, QueueDefinition } from '../../schemas/workflow/model.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { Store } from '../store/store.ts';
import type { SignalUrl } from './attempt-inputs.ts';

/** `neededBytes`: room that opening takes, if that is known to be more than usual. */
export type BeforeOpen = (params: { readonly neededBytes?: number }) => Promise<void>;

/** What the engine works with as long as it lives. */
export interface EngineOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly store: Store;
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly actions: { get(name: string): Action | undefined };
  readonly secrets: SecretSource;
  readonly log: EngineLog;
  /** See `AttemptInputsOptions`. */
  readonly signalUrl: SignalUrl;
  /** Done before each try to open the store, which isn't opened where it rejects. */
  readonly beforeOpen?: BeforeOpen;
  /** This process can't use the store again: it has to end. */
  readonly onUnusable?: (told: Message) => void;
}

/** What the engine takes from the project's files; `apply` takes them again while it runs. */
export interface EngineSettings {
  /** Declared once each, in a file without errors. Any other queue keeps the limits that were last declared so. */
  readonly queues: readonly QueueDefinition[];
  /** Declared, but not so that it counts: what holds for a queue that has never been declared any better. */
  readonly doubtful: readonly QueueDefinition[];
  /** Why a queue is not among `queues`. */
  readonly whyUndeclared: (queue: string) => UndeclaredQueue;
  readonly connections: ReadonlyMap<string, Connection>;
  /**
   * Why there may be connections that `connections` lacks: `.sluice/connections.yaml is not there`. Undefined if the file says which there are, so that
   * one that it doesn't declare doesn't exist.
   */
  readonly connectionsDoubt: string | undefined;
  readonly config: ProjectConfig;
  /** What the files declare for all daemons that share a store, by its name: a hash of each. */
  readonly declared: () => Declared;
  /** The allow-listed variables, as expressions see them. */
  readonly env: Readonly<Record<string, string>>;
}

export interface EngineLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
