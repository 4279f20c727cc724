import type { CsvFormat } from './csv-format.ts';
import type { QueueAlerts } from './alert.ts';
import type { AlertReceiver } from './alert-receiver.ts';
import type { Expression } from './expression/expression.ts';
import type { Json, JsonObject } from './json.ts';
import type { RateLimit } from './rate.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { Template } from './template.ts';
import type { ListenAddress, WebhookSettings, WebhookTrigger } from './triggers/webhook-trigger.ts';

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
  readonly rate?: RateLimit;
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
  /** The connection that `with` names, if its action takes one. */
  readonly connection?: string;
  /** The code in `with`, if its lines are lines of the file. */
  readonly code?: StepCode;
  /** Ids of the steps that must have ended before this one starts: `needs` and every step that an expression refers to. */
  readonly needs: readonly string[];
  readonly if?: Expression;
  readonly foreach?: Foreach;
  readonly paginate?: Paginate;
  readonly retry?: RetryPolicy;
  readonly timeoutMs?: number;
  readonly priority?: number;
}

/** Code of another language. */
export interface StepCode {
  readonly text: string;
  /** Where its first line is in the file, from 1. */
  readonly line: number;
}

/** How a step reads an answer page by page: each page is a job, made when the one before has ended. */
export interface Paginate {
  /** The items of a page: a list. */
  readonly items: Template;
  readonly next: NextPage;
  /** Where it ends even if there are more; left out, at the last page. */
  readonly maxPages?: number;
}

/** What leads from a page to the next: the URL of that, or parameters of its query by name. There is none where all of it is null, missing or empty. */
export type NextPage = { readonly kind: 'link'; readonly link: Template } | { readonly kind: 'query'; readonly query: readonly (readonly [name: string, value: Template])[] };

export interface Foreach {
  readonly source: ItemSource;
  /** The name by which expressions see the item. */
  readonly as: string;
  readonly key?: Template;
  /** Which items become jobs; left out, all. */
  readonly where?: Expression;
  /** The most items of one job, which sees a list of them; left out, each item is a job of its own. */
  readonly batch?: number;
  readonly onItemFailure: 'continue' | 'fail';
  readonly tolerate: Tolerance;
}

/** `pages`: the items of a step with `paginate`, just as they are. */
export type ItemSource = { readonly kind: 'items'; readonly items: Template } | { readonly kind: 'file'; readonly file: Template; readonly csv?: CsvFormat } | { readonly kind: 'pages'; readonly step: string };

/** How many items may die before the step fails: a count, or a share (0..1) of all items. */
export type Tolerance = { readonly kind: 'count'; readonly count: number } | { readonly kind: 'share'; readonly share: number };

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
  /** Where Prometheus reads the figures, besides the daemon's own port. */
  readonly metrics?: ListenAddress;
  /** Where jobs are kept, as the file says; the variable `SLUICE_STORE` can say it too. */
  readonly store?: StoreSettings;
  /** Who is told of alerts, besides the log, the editor and the command. */
  readonly alerts: readonly AlertReceiver[];
  /** A URL that is called each minute while all is well; whoever is called tells people when that stops. */
  readonly heartbeat?: Template;
}

export interface StoreSettings {
  /** The store of several machines. Left out, the file only names the schema. */
  readonly postgres?: StoreUrl;
  /** For LISTEN, where the other one leads to a pooler. */
  readonly listen?: StoreUrl;
  readonly schema: string;
}

/** The name of the secret that holds a URL of Postgres, or one without a password. */
export type StoreUrl = { readonly secret: string } | { readonly url: string };

export type InputValues = Readonly<Record<string, Json>>;
