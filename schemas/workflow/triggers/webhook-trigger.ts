import type { Expression } from '../expression/expression.ts';
import type { Template } from '../template.ts';
import type { WebhookVerify } from './webhook-verify.ts';

/** `on.webhook`: an incoming request that starts a run. */
export interface WebhookTrigger {
  /** The end of the URL: `POST /hooks/PATH`. */
  readonly path: string;
  readonly verify: WebhookVerify;
  /** What tells an event from others; the scheme's own id if omitted. */
  readonly dedupe?: Template;
  /** An event for which it is false is answered, kept, and starts nothing. */
  readonly if?: Expression;
  /** The run's inputs; if omitted, the fields of the body that have the names of inputs. */
  readonly inputs?: Template;
}

/** Where the daemon listens for others than its clients. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Where incoming webhooks are received: `webhooks` of `config.yaml`. */
export interface WebhookSettings {
  /** Nothing listens if omitted. */
  readonly listen?: ListenAddress;
  /** What senders call instead of `listen`, without a slash at its end: `https://hooks.example.com`. */
  readonly publicUrl?: string;
  /** How long deliveries are kept, in milliseconds. */
  readonly keepMs: number;
  /** The largest number of deliveries that are kept for a workflow. */
  readonly keepCount: number;
}

/** A dedupe key outlives its delivery: at least this long, in milliseconds, and twice the longest tolerance of a timestamp. */
export const keepDedupeKeysMs = 3 * 86_400_000;

export const defaultWebhookSettings: WebhookSettings = { keepMs: 30 * 86_400_000, keepCount: 10_000 };
