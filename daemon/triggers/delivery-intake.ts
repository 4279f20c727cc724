import { createHash } from 'node:crypto';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { VerificationFlaw } from '../../schemas/protocol/delivery.ts';
import { formatDeliveryId } from '../../schemas/protocol/id.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { schemeOf } from '../../schemas/workflow/triggers/webhook-verify.ts';
import type { Clock } from '../core/clock.ts';
import type { DeliverParams } from '../ledger/delivery-call.ts';
import type { Masker } from '../secrets/masker.ts';
import type { SecretValue } from '../secrets/secret-source.ts';
import type { RefusalLog } from '../server/http-answer.ts';
import type { Engine } from '../engine/engine.ts';
import type { EventDecision, EventReader } from './event-reader.ts';
import { recordHead, textRecord } from './delivery-record.ts';
import { RefusalBudget } from './refusal-budget.ts';
import type { WebhookRoute } from './webhook-routes.ts';
import { verifyHead, verifyRequest, type Verification } from './signature.ts';
import { parseWebhookBody } from './webhook-body.ts';
import type { Admission, BodyTrouble, WebhookAnswer, WebhookDoor, WebhookHead } from './webhook-listener.ts';

export interface DeliveryIntakeOptions {
  readonly clock: Clock;
  readonly engine: Pick<Engine, 'deliver'>;
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
    const verified = verifyRequest(route.trigger.verify, { ...head, url: this.#urlOf(head), body }, secrets, this.#options.clock.now());
    if (!verified.ok) {
      this.#keepRefused(route, head, verified.flaw, body);
      return isOwnFault(verified.flaw) ? answered.unset : answered.refused;
    }
    const parsed = parseWebhookBody(body, head.headers['content-type']);
    if (!parsed.ok) {
      const record = this.#record(route, head, body.length, textRecord(parsed.text, keptUnverifiedCharacters, this.#options.masker()));
      return this.#keep({ ...record, outcome: 'invalid', reason: parsed.reason }, {}, { status: parsed.status, reason: parsed.reason });
    }
    const challenge = slackChallenge(route, parsed.value);
    if (challenge !== undefined) return { status: 200, body: { text: challenge, type: 'text/plain; charset=utf-8' } };
    return this.#take(route, head, { bytes: body.length, value: this.#options.masker().json(parsed.value) }, verified);
  }

  async #take(route: WebhookRoute, head: WebhookHead, { bytes, value }: { readonly bytes: number; readonly value: Json }, verified: Verification): Promise<WebhookAnswer> {
    const record = this.#record(route, head, bytes, value);
    const event = { kind: 'webhook', at: new Date(this.#options.clock.now()).toISOString(), body: value, headers: JSON.parse(record.headers) as Json, query: JSON.parse(record.query) as Json } as const;
    const decision = this.#options.reader.decide(route, event, { now: this.#options.clock.now(), ...(verified.ok && verified.proof !== undefined ? { proof: verified.proof } : {}) });
    const masker = this.#options.masker();
    const key = decision.dedupeKey === undefined ? {} : { dedupeKey: boundedKey(masker.text(decision.dedupeKey)) };
    const why = decision.outcome === 'started' ? undefined : decision.reason;
    const reason = why === undefined ? {} : { reason: masker.text(why) };
    switch (decision.outcome) {
      case 'ignored':
        return this.#keep({ ...record, outcome: 'ignored', ...reason }, key);
      case 'invalid':
        return this.#keep({ ...record, outcome: 'invalid', ...reason }, key, { status: 422, reason: reason.reason ?? '' });
      case 'started':
        return this.#keep({ ...record, outcome: 'started' }, { ...key, run: runOf(route, decision, event) }, undefined, route.workflow);
    }
  }

  /** Keeps it; `told`: what its sender is told instead of 202. */
  async #keep(delivery: DeliverParams['delivery'], more: Pick<DeliverParams, 'dedupeKey' | 'run'>, told?: { readonly status: number; readonly reason: string }, workflow?: Workflow): Promise<WebhookAnswer> {
    try {
      const { firstId } = await this.#options.engine.deliver({ now: this.#options.clock.now(), delivery, ...more }, workflow);
      const id = formatDeliveryId(firstId);
      return told === undefined ? { status: 202, body: { json: { id } } } : { status: told.status, body: { json: { id, error: told.reason } } };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const dedupe = more.dedupeKey === undefined ? {} : { dedupeKey: more.dedupeKey };
      switch (error.code) {
        case 'queue-full':
          return this.#told(answered.full, `the webhook ${delivery.path}: ${error.message}`);
        case 'run-skipped':
          return this.#keep({ ...delivery, outcome: 'ignored', reason: error.message }, dedupe);
        case 'invalid-inputs': {
          const reason = this.#options.masker().text(error.message);
          return this.#keep({ ...delivery, outcome: 'invalid', reason }, dedupe, { status: 422, reason });
        }
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
    const text = body?.toString('utf8', 0, 4 * keptUnverifiedCharacters);
    const record = this.#record(route, head, body?.length ?? 0, text === undefined ? undefined : textRecord(text, keptUnverifiedCharacters, this.#options.masker()));
    const delivery = { ...record, outcome: 'refused', flaw, ...(place.unkept === 0 ? {} : { reason: unkeptText(place.unkept) }) } as const;
    // What can't be kept is in the log.
    this.#options.engine.deliver({ now: this.#options.clock.now(), delivery }).catch(() => undefined);
  }

  #record({ workflow, trigger }: WebhookRoute, head: WebhookHead, bytes: number, body: Json | undefined): Omit<DeliverParams['delivery'], 'outcome'> {
    const { headers, query } = recordHead(head, trigger.verify, this.#options.masker());
    return { workflow: workflow.id, path: trigger.path, scheme: schemeOf(trigger.verify), bytes, headers: JSON.stringify(headers), query: JSON.stringify(query), body: body === undefined ? null : JSON.stringify(body) };
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

export function runOf({ workflow, version, text }: WebhookRoute, decision: Extract<EventDecision, { outcome: 'started' }>, trigger: object): NonNullable<DeliverParams['run']> {
  return { workflow: workflow.id, version, text, inputs: JSON.stringify(decision.inputs), trigger };
}

/** Its sender can do nothing about it, and shall try again. */
function isOwnFault(flaw: string): boolean {
  return flaw === 'unset-secret' || flaw === 'unusable-secret';
}

function unkeptText(count: number): string {
  return `Requests before it that were refused and not kept: ${count}.`;
}

const longestKey = 300;

function boundedKey(key: string): string {
  return key.length <= longestKey ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** How Slack asks whether an address is meant for it; see its documentation of the event `url_verification`. */
function slackChallenge({ trigger: { verify } }: WebhookRoute, body: Json): string | undefined {
  if (verify.kind !== 'signature' || verify.scheme !== 'slack' || typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { type, challenge } = body as { type?: Json; challenge?: Json };
  return type === 'url_verification' && typeof challenge === 'string' ? challenge.slice(0, 1_000) : undefined;
}
