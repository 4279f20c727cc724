import type { QueueAlerts } from './alert.ts';
import type { Expression } from './expression/expression.ts';
import type { Json, JsonObject } from './json.ts';
import type { Rate } from './rate.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { Template } from './template.ts';
import type { WebhookSettings, WebhookTrigger } from './triggers/webhook-trigger.ts';

/** A workflow file, understood: what the engine runs. Every default is filled in, every duration is in milliseconds. */
export interface Workflow {
  /** The file's name without `.sluice.yaml`, `.yaml` or `.yml`: what `sluice run` takes. */
  readonly id: string;
  /** The `name` key; the id if it is missing. */
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema (2020-12) of type `object` with `additionalProperties: false`. */
  readonly inputs: JsonObject;
  /** What starts a run by itself. */
  readonly triggers: Triggers;
  /** Named values, computed once when a run begins: each behind those that it is made of. */
  readonly vars: Readonly<Record<string, Template>>;
  /** How many runs may be under way at the same time; left out, any number. */
  readonly concurrency?: RunConcurrency;
  /** Queues declared in this file. Those of `.sluice/queues.yaml` are not repeated here. */
  readonly queues: Readonly<Record<string, QueueDefinition>>;
  /** In document order. */
  readonly steps: Readonly<Record<string, Step>>;
  /** Run, in the same way as `steps`, after the run has failed. */
  readonly onFailure: Readonly<Record<string, Step>>;
  /** What a run gives when it has succeeded, by name. */
  readonly outputs: Readonly<Record<string, Template>>;
}

/** How many runs of a workflow may be under way at the same time. */
export interface RunConcurrency {
  /** Runs for which it gives the same text count together; left out, all runs of the workflow do. */
  readonly key?: Template;
  readonly limit: number;
  /** What becomes of one more: it waits, it isn't started, or it waits and the oldest that is under way is cancelled. */
  readonly whenFull: 'queue' | 'skip' | 'cancel-oldest';
}

export interface Triggers {
  /** In document order. No two have the same cron expression and time zone. */
  readonly schedules: readonly Schedule[];
  readonly webhook?: WebhookTrigger;
}

/** Plain JSON: the store keeps it as it was last seen. */
export interface Schedule {
  /** Five fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** What happens to times at which no run could be started. */
  readonly missed: MissedPolicy;
  /** How late such a time may still be started, in milliseconds. */
  readonly withinMs: number;
  /** As in the file: expressions see `trigger` only. */
  readonly inputs: JsonObject;
}

/** `skip`: they start nothing, and are shown. `run-once`: the latest of them starts a run. `run-all`: each starts one, the oldest first. */
export type MissedPolicy = (typeof missedPolicies)[number];
export const missedPolicies = ['skip', 'run-once', 'run-all'] as const;

export const scheduleDefaults = {
  timeZone: 'UTC',
  missed: 'skip',
  withinMs: 24 * 60 * 60 * 1000,
} as const;

/** What a queue's declaration says; what it leaves out is left out here (see `queueDefaults`). */
export interface QueueDefinition {
  readonly name: string;
  readonly rate?: Rate;
  /** Attempts at the same time. */
  readonly concurrency?: number;
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  /** 0 to 9, greater goes first. */
  readonly priority?: number;
  /** Jobs that may wait (pending and delayed); intake beyond it is refused. */
  readonly maxDepth?: number;
  /** How long dead letters are kept, in milliseconds. */
  readonly keepDeadLettersMs?: number;
  readonly alerts?: QueueAlerts;
}

export const queueDefaults = {
  concurrency: 10,
  timeoutMs: 30_000,
  priority: 5,
} as const;

/** The queue of steps that name none. */
export const defaultQueueName = 'default';

export interface Step {
  readonly id: string;
  readonly queue: string;
  /** Name of the action. */
  readonly uses: string;
  readonly with: Template;
  /** Ids of the steps that must have ended before this one starts: `needs` and every step that an expression refers to. */
  readonly needs: readonly string[];
  readonly if?: Expression;
  readonly foreach?: Foreach;
  readonly retry?: RetryPolicy;
  readonly timeoutMs?: number;
  readonly priority?: number;
}

export interface Foreach {
  readonly source: { readonly kind: 'items'; readonly items: Template } | { readonly kind: 'file'; readonly file: Template };
  /** The name by which expressions see the item. */
  readonly as: string;
  readonly key?: Template;
  readonly onItemFailure: 'continue' | 'fail';
  readonly tolerate: Tolerance;
}

/** How many items may die before the step fails: a count, or a share (0..1) of all items. */
export type Tolerance = { readonly kind: 'count'; readonly count: number } | { readonly kind: 'share'; readonly share: number };

/** An SMTP server of `.sluice/connections.yaml`. */
export interface SmtpConnection {
  readonly name: string;
  readonly type: 'smtp';
  readonly host: string;
  readonly port: number;
  /** `tls`: TLS from the first byte; `starttls`: required upgrade; `none`: plain text. */
  readonly tls: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  /** May hold secret references, which an attempt fills in. */
  readonly password?: Template;
  readonly from?: string;
  /** A PEM file with certificates of authorities to trust besides the well-known ones, relative to the project's folder. */
  readonly ca?: string;
  /** Connections kept open at most. */
  readonly pool: number;
  /** Messages that one connection carries at most, before another takes its place. */
  readonly maxMessages: number;
}

export type Connection = SmtpConnection;

/** `.sluice/config.yaml`: the daemon's own settings. */
export interface ProjectConfig {
  readonly durability: 'full' | 'normal';
  /** How long ended runs and their jobs are kept, in milliseconds. */
  readonly keepRunsMs: number;
  /** How long `stop` waits for active attempts, in milliseconds. */
  readonly graceMs: number;
  /** Names of environment variables that expressions may read as `env.NAME`. */
  readonly env: readonly string[];
  /** Where calls may go: host names, addresses or CIDR blocks; undefined allows all but the daemon itself and link-local addresses. */
  readonly allowedAddresses?: readonly string[];
  readonly webhooks: WebhookSettings;
}

export type InputValues = Readonly<Record<string, Json>>;
