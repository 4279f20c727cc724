import { english } from '../../schemas/wording/language.ts';
import { message } from '../../schemas/wording/message.ts';
import { type AlertTarget, formatOfHost } from '../../schemas/workflow/alert-receiver.ts';
import type { Connection } from '../../schemas/workflow/connections/connection.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { fillSecrets, renderTemplate, type Template } from '../../schemas/workflow/template.ts';
import type { Action, ActionContext, ActionResult, ResolvedConnection } from '../actions/action.ts';
import { type LoneCall, loneCall } from '../actions/lone-call.ts';
import type { Clock } from '../core/clock.ts';
import { attemptMs } from '../core/notice-delivery.ts';
import { resolveConnection } from '../engine/connection-secrets.ts';
import type { SecretValue } from '../secrets/secret-source.ts';
import { type AlertLetter, type AlertOrigin, mailText, webhookBody } from './alert-letter.ts';

/** How much of what the other side has said is shown, in characters. */
const maxAnswer = 200;
/** How much of the answer to a sign of life is read, in bytes. */
const maxPingBytes = 65_536;

export interface LetterSenderOptions {
  readonly clock: Clock;
  readonly projectFolder: string;
  readonly origin: AlertOrigin;
  readonly actions: { get(name: string): Action | undefined };
  readonly connection: (name: string) => Connection | undefined;
  readonly secret: (name: string) => SecretValue;
  /** A text without secrets. */
  readonly mask: (text: string) => string;
}

/** What the other side has said; masked. */
export type SentLetter = { readonly ok: true; readonly answered: string } | { readonly ok: false; readonly problem: string; readonly retryAfterMs?: number };

/** Something that a receiver needs isn't there: told as it is. */
class LacksError extends Error {}

/**
 * Delivers letters by the actions that workflows use, outside of every queue: with the same guard of addresses, the same proxies, and the id of the notice as the key that is the same in all attempts
 * (`webhook-id`, `Message-ID`).
 */
export class LetterSender {
  readonly #options: LetterSenderOptions;

  constructor(options: LetterSenderOptions) {
    this.#options = options;
  }

  /** One attempt. Resolves for every ending. `id`: the same in all attempts; `madeAt`: when the letter was made, in milliseconds since the epoch. */
  async send(target: AlertTarget, letter: AlertLetter, { id, madeAt, signal }: { readonly id: string; readonly madeAt: number; readonly signal?: AbortSignal }): Promise<SentLetter> {
    return this.#attempt({ idempotencyKey: id, madeAt }, signal, (call) => (target.kind === 'email' ? this.#mail(target, letter, call) : this.#post(target, letter, call)));
  }

  /** Calls a URL, as a sign of life. Resolves for every ending. */
  async ping(template: Template): Promise<SentLetter> {
    return this.#attempt({ idempotencyKey: 'heartbeat' }, undefined, (call) => this.#execute('http/request', { url: this.#urlOf(template), 'max-bytes': maxPingBytes }, loneCall({ ...call, secretFields: new Set(['url']) })));
  }

  async #attempt(about: Pick<LoneCall, 'idempotencyKey' | 'madeAt'>, signal: AbortSignal | undefined, make: (call: LoneCall) => Promise<ActionResult>): Promise<SentLetter> {
    const { clock, mask } = this.#options;
    const limit = new AbortController();
    const timer = clock.setTimer(attemptMs, () => limit.abort(new DOMException('the attempt took too long', 'TimeoutError')));
    try {
      const result = await make({ clock, signal: signal === undefined ? limit.signal : AbortSignal.any([limit.signal, signal]), projectFolder: this.#options.projectFolder, ...about });
      if (result.ok) return refusalWithin(result) ?? { ok: true, answered: mask(answerOf(result)) };
      const said = bodyOf(result.response);
      const { retryAfterMs } = result;
      return { ok: false, problem: mask(said === '' ? result.error.message : `${result.error.message} ${said}`), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch (error) {
      if (!(error instanceof LacksError)) throw error;
      return { ok: false, problem: mask(error.message) };
    } finally {
      timer.cancel();
    }
  }

  #post({ url: template, format }: Extract<AlertTarget, { kind: 'webhook' }>, letter: AlertLetter, call: LoneCall): Promise<ActionResult> {
    const url = this.#urlOf(template);
    const { body, type } = webhookBody(format ?? formatOfHost(URL.parse(url)?.hostname ?? ''), letter);
    return this.#execute('webhook/send', { url, body, ...(type === undefined ? {} : { type }) }, loneCall({ ...call, secretFields: new Set(['url']) }));
  }

  #mail({ to, connection: name }: Extract<AlertTarget, { kind: 'email' }>, letter: AlertLetter, call: LoneCall): Promise<ActionResult> {
    const declared = this.#options.connection(name);
    if (declared === undefined) throw new LacksError(english.textOf(message('.sluice/connections.yaml has no connection {name}.', { name: JSON.stringify(name) })));
    const connection: ResolvedConnection = resolveConnection(declared, { projectFolder: this.#options.projectFolder }, (secret) => this.#secret(secret));
    // RFC 3834: answering machines don't answer it.
    const input: JsonObject = { connection: name, to, subject: letter.subject, text: mailText(letter, this.#options.origin), headers: { 'Auto-Submitted': 'auto-generated' } };
    return this.#execute('email/send', input, loneCall({ ...call, connection }));
  }

  #execute(name: string, input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const action = this.#options.actions.get(name);
    if (action === undefined) throw new Error(`there is no action ${name}`);
    return action.execute(input, context);
  }

  /** With its secrets filled in; not to be shown. @throws LacksError */
  #urlOf(template: Template): string {
    const rendered = renderTemplate(template, {});
    if (!rendered.ok) throw new LacksError(rendered.error.message);
    const filled = fillSecrets(rendered.rendered, (part) => ('secret' in part ? this.#secret(part.secret) : ''));
    return typeof filled === 'string' ? filled : '';
  }

  #secret(name: string): string {
    const found = this.#options.secret(name);
    if (!found.ok) throw new LacksError(found.message);
    return found.value;
  }
}

/** Connectors of Teams answer 200 and say in the body that the message was not delivered. */
function refusalWithin({ output }: Extract<ActionResult, { ok: true }>): SentLetter | undefined {
  const body = isJsonObject(output) ? output['body'] : undefined;
  return typeof body === 'string' && body.startsWith('Webhook message delivery failed') ? { ok: false, problem: body.slice(0, maxAnswer) } : undefined;
}

function answerOf({ output }: Extract<ActionResult, { ok: true }>): string {
  if (!isJsonObject(output)) return '';
  const { status, body, response } = output;
  if (typeof response === 'string') return response.slice(0, maxAnswer);
  return [shown(status), shown(body)].filter((part) => part !== '').join(' ');
}

function bodyOf(response: Json | undefined): string {
  return response !== undefined && isJsonObject(response) ? shown(response['body']) : '';
}

function shown(body: Json | undefined): string {
  const text = body === null || body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return text.replace(/\s+/g, ' ').trim().slice(0, maxAnswer);
}
