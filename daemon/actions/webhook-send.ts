import { message, type Message } from '../../schemas/wording/message.ts';
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { webhookSend, type WebhookSendInput } from '../../schemas/workflow/actions/webhook-send.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { abortedAttempt, type Action, type ActionContext, type ActionFailure, type ActionResult, inputValidator, invalidInput } from './action.ts';
import { bodyWarning, decodeBody, parseBody, type HttpAnswer } from './http-answer.ts';
import type { HttpCall, HttpClient } from './http-client.ts';
import { readHeaders, readUrl } from './http-input.ts';
import { requestRecord } from './http-record.ts';
import { statusFailure } from './http-status-failure.ts';
import { networkFailure } from './network-failure.ts';

/** How much of an answer is kept, in bytes. A longer one is not a failure: the event has arrived. */
const maxAnswerBytes = 262_144;

const validate = inputValidator<WebhookSendInput>(webhookSend);

/**
 * `webhook/send`: one event, signed by the Standard Webhooks specification. The client is shared, and stopped by its
 * owner.
 */
export class WebhookSendAction implements Action {
  readonly definition = webhookSend;
  readonly #client: HttpClient;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const call = prepareCall(valid.input, context);
    if ('ok' in call) return call;
    const outcome = await this.#client.send(call);
    if (outcome.kind === 'aborted') return abortedAttempt(context.signal, { request: requestRecord(call) });
    if (outcome.kind === 'failed') return networkFailure(outcome.error, call.url.host, { request: requestRecord(call) }, outcome.isUnsent);
    // What the answer says beside its status is a courtesy: an event that was confirmed isn't sent again for it.
    const decoded = await decodeBody(outcome, maxAnswerBytes);
    const text = decoded.kind === 'text' ? decoded.text : undefined;
    if (outcome.status >= 200 && outcome.status < 300) {
      const body = parseBody(text ?? '', outcome.headers);
      const warning = bodyWarning(call.url.host, decoded.kind === 'text' && decoded.isGarbled, body);
      return { ok: true, output: { status: outcome.status, body: body.value }, request: requestRecord(call), ...warning };
    }
    return statusFailure(outcome, text, call, context.now, refusal(outcome, call));
  }

  async stop(): Promise<void> {}
}

/**
 * The specification's words for two statuses: 410 means that the receiver wants no more events, 3xx that the URL is out
 * of date.
 */
function refusal({ status }: HttpAnswer, call: HttpCall): { readonly cause: string; readonly message: Message } | undefined {
  if (status === 410) {
    return { cause: '410 webhook gone', message: message('{host} answered 410 Gone: this receiver wants no more events.', { host: call.url.host }) };
  }
  if (status < 300 || status >= 400) return undefined;
  return {
    cause: `${status} redirect`,
    message: message("{host} answered with a redirect ({status}), which webhooks don't follow: set `url` to where it leads.", { host: call.url.host, status: String(status) }),
  };
}

function prepareCall(input: WebhookSendInput, context: ActionContext): HttpCall | ActionFailure {
  const url = readUrl(input.url);
  if (!(url instanceof URL)) return url;
  const keys = input.secret === undefined ? [] : readWebhookSecrets(input.secret);
  if (keys === undefined) {
    return invalidInput(
      'invalid webhook secret',
      message('`secret` must be `whsec_` followed by 24 to 64 bytes in base64; several are separated by spaces.'),
    );
  }
  const { type, body: data } = input;
  const event = type === undefined ? data : { type, timestamp: new Date(context.jobCreatedAt).toISOString(), data };
  const body = JSON.stringify(event);
  const timestampSeconds = Math.floor(context.now / 1000);
  const given = readHeaders(input.headers);
  if ('ok' in given) return given;
  const { headers } = given;
  headers['content-type'] = 'application/json';
  headers['webhook-id'] = context.idempotencyKey;
  headers['webhook-timestamp'] = String(timestampSeconds);
  delete headers['webhook-signature'];
  if (keys.length > 0) headers['webhook-signature'] = signWebhook(keys, context.idempotencyKey, timestampSeconds, body);
  return { url, method: 'POST', headers, body, bodyHasSecret: false, maxBytes: () => maxAnswerBytes, signal: context.signal, depart: context.depart, room: (bytes) => context.room(bytes) };
}

/** Bytes that a secret has, by the specification. */
const minSecretBytes = 24;
const maxSecretBytes = 64;

/** Secrets whose keys are kept ready: making a key takes seven times as long as signing with it. */
const maxReadyKeys = 100;
const readyKeys = new Map<string, readonly KeyObject[]>();

/**
 * Reads the secrets of the Standard Webhooks specification: base64 of 24 to 64 bytes, each with or without its prefix
 * `whsec_`, separated by spaces. Undefined if one of them is something else.
 */
export function readWebhookSecrets(text: string): readonly KeyObject[] | undefined {
  const ready = readyKeys.get(text);
  if (ready !== undefined) return ready;
  const keys: KeyObject[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const base64 = word.startsWith('whsec_') ? word.slice(6) : word;
    const bytes = Buffer.from(base64, 'base64');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || bytes.length < minSecretBytes || bytes.length > maxSecretBytes) return undefined;
    keys.push(createSecretKey(bytes));
  }
  if (readyKeys.size >= maxReadyKeys) readyKeys.clear();
  readyKeys.set(text, keys);
  return keys;
}

/**
 * The value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, once for each key,
 * separated by spaces.
 */
export function signWebhook(keys: readonly KeyObject[], id: string, timestampSeconds: number, body: string): string {
  const signed = `${id}.${timestampSeconds}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ');
}
