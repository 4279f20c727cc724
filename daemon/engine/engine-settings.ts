import type { ProjectConfig, QueueDefinition, SmtpConnection } from '../../schemas/workflow/model.ts';

/** What the engine takes from the project's files; `apply` takes them anew while it runs. */
export interface EngineSettings {
  readonly queues: readonly QueueDefinition[];
  /** A file can't be read just now: queues that aren't declared may be declared there, and keep their last declaration. */
  readonly keepUndeclared: boolean;
  readonly connections: ReadonlyMap<string, SmtpConnection>;
  readonly config: ProjectConfig;
  /** The allow-listed variables, as expressions see them. */
  readonly env: Readonly<Record<string, string>>;
}
