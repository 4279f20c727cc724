import { message } from '../../schemas/wording/message.ts';
import { told } from '../../schemas/wording/told.ts';
import { readStoredText, storedText } from '../ledger/stored-text.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { VerificationFlaw } from '../../schemas/protocol/delivery.ts';
import { formatDeliveryId } from '../../schemas/protocol/id.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { Clock } from '../core/clock.ts';
import type { DeliverParams } from '../ledger/delivery.ts';
import { mask } from '../core/mask.ts';
import type { Masker } from '../secrets/masker.ts';
import type { SecretValue } from '../secrets/secret-source.ts';
import type { RefusalLog } from '../server/http-answer.ts';
import type { Intake } from '../engine/intake.ts';
import { deliveryOf, type EventReader } from './event-reader.ts';
import type { WebhookRoute } from './webhook-routes.ts';
import { verifyHead, verifyRequest, type RequestHeaders } from './signature.ts';
import { parseWebhookBody, fieldsOf } from './webhook-body.ts';
import type { Admission, BodyTrouble, WebhookAnswer, WebhookDoor, WebhookHead } from './webhook-listener.ts';
import type { WebhookVerify } from '../../schemas/workflow/triggers/webhook-verify.ts';

export interface DeliveryIntakeOptions {
  readonly clock: Clock;
  readonly intake: Pick<Intake, 'deliver'>;
  /** Undefined: there is no webhook of that path. `broken`: its workflow has errors just now. */
  readonly route: (path: string) => WebhookRoute | 'broken' | undefined;
  readonly secret: (name: string) => SecretValue;
  readonly masker: () => Masker;
  /** What senders call, without the path: `https://hooks.example.com`. */
  readonly publicUrl: () => string;
  readonly reader: EventReader;
  readonly refusals: RefusalLog;
}

/** Of the body of a request that nobody has verified, this much is kept for anyone who looks for the reason. */
const keptUnverifiedCharacters = 16_384;

const answered = {
  unknown: { status: 404 },
  method: { status: 405, headers: { allow: 'POST' } },
  refused: { status: 401 },
  broken: { status: 503, headers: { 'retry-after': '30' } },
  unset: { status: 503, headers: { 'retry-after': '60' } },
  full: { status: 429, headers: { 'retry-after': '30' } },
  unavailable: { status: 503, headers: { 'retry-after': '10' } },
} as const satisfies Record<string, WebhookAnswer>;

/**
 * From a request below `/hooks/` to a run: verified, decided, kept with what it starts, and only then answered with 202. What can't be kept is
 * answered so that its sender repeats it.
 */
export class DeliveryIntake implements WebhookDoor {
  readonly prefix = '/hooks/';
  readonly #options: DeliveryIntakeOptions;
  readonly #budget: RefusalBudget;

  constructor(options: DeliveryIntakeOptions) {
    this.#options = options;
    this.#budget = new RefusalBudget(options.clock);
  }

  admit(head: WebhookHead): Admission {
    const route = this.#options.route(head.path);
    if (route === undefined) return { kind: 'answer', answer: answered.unknown };
    if (route === 'broken') return this.#put(answered.broken, `the workflow of the webhook ${head.path} has errors`);
    const { verify } = route.trigger;
    const secrets = this.#secretsOf(route);
    if (secrets === undefined) return this.#refuse(route, head, 'unset-secret');
    const early = verifyHead(verify, { ...head, url: this.#urlOf(head) }, secrets, this.#options.clock.now());
    if (head.method !== 'POST') {
      // Mailchimp and Trello call an address once before they use it, with the secret that it has.
      const isHandshake = (head.method === 'GET' || head.method === 'HEAD') && verify.kind === 'query-secret' && early?.ok === true;
      return { kind: 'answer', answer: isHandshake ? { status: 200 } : answered.method };
    }
    if (early !== undefined && !early.ok) return this.#refuse(route, head, early.flaw);
    return {
      kind: 'read',
      finish: (body) => this.#finish(route, head, body, secrets),
      troubled: (trouble) => this.#keepRefused(route, head, trouble, undefined),
    };
  }

  async #finish(route: WebhookRoute, head: WebhookHead, body: Buffer, secrets: readonly string[]): Promise<WebhookAnswer> {
    const now = this.#options.clock.now();
    const verified = verifyRequest(route.trigger.verify, { ...head, url: this.#urlOf(head), body }, secrets, now);
    if (!verified.ok) {
      this.#keepRefused(route, head, verified.flaw, body);
      return isOwnFault(verified.flaw) ? answered.unset : answered.refused;
    }
    const parsed = parseWebhookBody(body, head.headers['content-type']);
    const masker = this.#options.masker();
    const received = { bytes: body.length, ...recordHead(head, route.trigger.verify, masker) };
    if (!parsed.ok) {
      const delivery = deliveryOf(route, { ...received, body: textRecord(parsed.text, keptUnverifiedCharacters, masker) });
      return this.#keep({ now, delivery: { ...delivery, outcome: 'invalid', reason: storedText(parsed.reason) } }, route.workflow, parsed.status);
    }
    const challenge = slackChallenge(route, parsed.value);
    if (challenge !== undefined) return { status: 200, body: { text: challenge, type: 'text/plain; charset=utf-8' } };
    const event = { ...received, body: masker.json(parsed.value) };
    return this.#keep(this.#options.reader.read(route, event, { now, masker, ...(verified.proof === undefined ? {} : { proof: verified.proof }) }), route.workflow);
  }

  /** `invalidStatus`: what the sender of an invalid one is answered. */
  async #keep(params: DeliverParams, workflow: Workflow, invalidStatus: 415 | 422 = 422): Promise<WebhookAnswer> {
    const { delivery, run, ...rest } = params;
    try {
      const { firstId } = await this.#options.intake.deliver(params, run === undefined ? undefined : workflow);
      const id = formatDeliveryId(firstId);
      if (delivery.outcome === 'invalid') return { status: invalidStatus, body: { json: { id, error: typeof delivery.reason === 'string' ? readStoredText(delivery.reason).message : '' } } };
      return { status: 202, body: { json: { id } } };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      switch (error.code) {
        case 'queue-full':
          return this.#told(answered.full, `the webhook ${delivery.path}: ${error.message}`);
        case 'run-skipped':
          return this.#keep({ ...rest, delivery: { ...delivery, outcome: 'ignored', reason: storedText(error.told) } }, workflow);
        case 'invalid-inputs':
          return this.#keep({ ...rest, delivery: { ...delivery, outcome: 'invalid', reason: storedText(this.#options.masker().cutTold(told(error.told))) } }, workflow);
        case 'store-unavailable':
        case 'stopping':
          return this.#told(answered.unavailable, `the webhook ${delivery.path}: ${error.message}`);
        default:
          throw error;
      }
    }
  }

  #refuse(route: WebhookRoute, head: WebhookHead, flaw: VerificationFlaw): Admission {
    this.#keepRefused(route, head, flaw, undefined);
    return { kind: 'answer', answer: isOwnFault(flaw) ? answered.unset : answered.refused };
  }

  /** In the log and as a delivery, both bounded: whoever has no secret must not fill a disk. Nobody waits for it. */
  #keepRefused(route: WebhookRoute, head: WebhookHead, flaw: VerificationFlaw | BodyTrouble, body: Buffer | undefined): void {
    const status = flaw === 'too-large' ? 413 : flaw === 'undecodable' ? 415 : isOwnFault(flaw) ? 503 : 401;
    this.#options.refusals.add(status, `the webhook ${route.trigger.path}: ${flaw}`);
    const place = this.#budget.take();
    if (place === undefined) return;
    const { intake, clock } = this.#options;
    const masker = this.#options.masker();
    const text = body?.toString('utf8', 0, 4 * keptUnverifiedCharacters);
    const shown = text === undefined ? {} : { body: textRecord(text, keptUnverifiedCharacters, masker) };
    const record = deliveryOf(route, { bytes: body?.length ?? 0, ...recordHead(head, route.trigger.verify, masker), ...shown });
    const reason = place.unkept === 0 ? {} : { reason: storedText(message('Requests before it that were refused and not kept: {count}.', { count: place.unkept })) };
    // What can't be kept is in the log.
    intake.deliver({ now: clock.now(), delivery: { ...record, outcome: 'refused', flaw, ...reason } }).catch(() => undefined);
  }

  /** Undefined if none of them is set. */
  #secretsOf({ trigger: { verify } }: WebhookRoute): readonly string[] | undefined {
    if (verify.kind === 'none') return [];
    const values = verify.secrets.map((name) => this.#options.secret(name)).flatMap((secret) => (secret.ok ? [secret.value] : []));
    return values.length === 0 ? undefined : values;
  }

  #urlOf({ target }: WebhookHead): string {
    return `${this.#options.publicUrl()}${target}`;
  }

  #put(answer: WebhookAnswer, reason: string): Admission {
    return { kind: 'answer', answer: this.#told(answer, reason) };
  }

  #told(answer: WebhookAnswer, reason: string): WebhookAnswer {
    this.#options.refusals.add(answer.status, reason);
    return answer;
  }
}

/** Its sender can do nothing about it, and shall try again. */
function isOwnFault(flaw: string): boolean {
  return flaw === 'unset-secret' || flaw === 'unusable-secret';
}

/** How Slack asks whether an address is meant for it; see its documentation of the event `url_verification`. */
function slackChallenge({ trigger: { verify } }: WebhookRoute, body: Json): string | undefined {
  if (verify.kind !== 'signature' || verify.scheme !== 'slack' || typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { type, challenge } = body as { type?: Json; challenge?: Json };
  return type === 'url_verification' && typeof challenge === 'string' ? challenge.slice(0, 1_000) : undefined;
}

/** What is kept of a request besides its body, and what expressions see of it. */
export interface RecordedHead {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
}

const credentials = ['authorization', 'proxy-authorization', 'cookie'];
const maxValue = 4_096;

/** Without what would let anyone who reads the record act as the sender. */
function recordHead({ headers, query }: Pick<WebhookHead, 'headers' | 'query'>, verify: WebhookVerify, masker: Masker): RecordedHead {
  const hidden = new Set(verify.kind === 'signature' ? [...credentials, verify.signature.header] : credentials);
  const parameter = verify.kind === 'query-secret' ? verify.parameter : undefined;
  const shown = Object.fromEntries(Object.entries(fieldsOf(query)).map(([name, value]) => [name, name === parameter ? mask : value]));
  return {
    headers: masker.json(Object.fromEntries(entriesOf(headers).map(([name, value]) => [name, hidden.has(name) ? mask : value.slice(0, maxValue)]))) as Record<string, string>,
    query: masker.json(shown) as Record<string, string | string[]>,
  };
}

function entriesOf(headers: RequestHeaders): readonly (readonly [string, string])[] {
  return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** What a body is kept as if nobody could read it. */
function textRecord(text: string, maxCharacters: number, masker: Masker): Json {
  return masker.cutText(text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text);
}

const burst = 20;
const everyMs = 1_000;

/** How many refused requests are kept: twenty in a row, then one a second. */
class RefusalBudget {
  readonly #clock: Clock;
  #places = burst;
  #at: number;
  #unkept = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Undefined: the next one isn't kept. `unkept`: how many were not, before it. */
  take(): { readonly unkept: number } | undefined {
    const now = this.#clock.monotonic();
    const earned = Math.floor((now - this.#at) / everyMs);
    this.#places = Math.min(burst, this.#places + earned);
    this.#at += earned * everyMs;
    if (this.#places === 0) {
      this.#unkept++;
      return undefined;
    }
    this.#places--;
    const unkept = this.#unkept;
    this.#unkept = 0;
    return { unkept };
  }
}
