import type { UndeclaredQueue } from '../../schemas/protocol/queue.ts';
import type { ProjectConfig, QueueDefinition, SmtpConnection } from '../../schemas/workflow/model.ts';

/** What the engine takes from the project's files; `apply` takes them again while it runs. */
export interface EngineSettings {
  /** Declared once each, in a file without errors. Any other queue keeps the limits that were last declared so. */
  readonly queues: readonly QueueDefinition[];
  /** Declared, but not so that it counts: what holds for a queue that has never been declared any better. */
  readonly doubtful: readonly QueueDefinition[];
  /** Why a queue is not among `queues`. */
  readonly whyUndeclared: (queue: string) => UndeclaredQueue;
  readonly connections: ReadonlyMap<string, SmtpConnection>;
  /**
   * Why there may be connections that `connections` lacks: `.sluice/connections.yaml is not there`. Undefined if the file says which there are, so that
   * one that it doesn't declare doesn't exist.
   */
  readonly connectionsDoubt: string | undefined;
  readonly config: ProjectConfig;
  /** The allow-listed variables, as expressions see them. */
  readonly env: Readonly<Record<string, string>>;
}

export interface EngineLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
