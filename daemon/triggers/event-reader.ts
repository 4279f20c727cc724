import { message, type Message } from '../../schemas/wording/message.ts';
import { told } from '../../schemas/wording/told.ts';
import { storedText } from '../ledger/stored-text.ts';
import { createHash } from 'node:crypto';
import { CodedError } from '../../schemas/protocol/error.ts';
import { evaluateExpression, isTruthy, type Scope, textOfJson } from '../../schemas/workflow/expression/expression.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { renderTemplate } from '../../schemas/workflow/template.ts';
import { eventIds, schemeOf } from '../../schemas/workflow/triggers/webhook-verify.ts';
import type { DeliverParams } from '../ledger/delivery.ts';
import type { Masker } from '../secrets/masker.ts';
import { textAt } from './webhook-body.ts';
import type { WebhookRoute } from './webhook-routes.ts';

/** An event that was proven, or is taken again: as it is kept, and as expressions see it. Masked. */
export interface ReceivedEvent {
  /** Of the body as it was sent. */
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly body: Json;
}

/** The inputs with their defaults. @throws CodedError `invalid-inputs` */
export type InputCheck = (workflow: Workflow, given: Readonly<Record<string, unknown>>) => JsonObject;

type EventDecision = { readonly dedupeKey?: string } & (
  | { readonly outcome: 'started'; readonly inputs: JsonObject }
  | { readonly outcome: 'ignored'; readonly reason?: Message }
  | { readonly outcome: 'invalid'; readonly reason: Message }
);

/** What is kept of an event, with the run that it starts. */
export type ReadEvent = DeliverParams & { readonly delivery: { readonly outcome: EventDecision['outcome']; readonly reason?: string } };

export interface EventReaderOptions {
  readonly env: () => Readonly<Record<string, string>>;
  readonly checkInputs: InputCheck;
}

/** Decides what an event is for its workflow: `if`, `dedupe` and `inputs` of the webhook. */
export class EventReader {
  readonly #options: EventReaderOptions;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** `proof`: what nobody can send again with another content, see `Verification`. `masker`: by which `event` was masked. */
  read(route: WebhookRoute, event: ReceivedEvent, { now, masker, proof }: { readonly now: number; readonly masker: Masker; readonly proof?: string }): ReadEvent {
    const { workflow, version, text } = route;
    const decision = this.#decide(route, event, now, proof);
    const { outcome, dedupeKey } = decision;
    const why = decision.outcome === 'started' ? undefined : decision.reason;
    return {
      now,
      delivery: { ...deliveryOf(route, event), outcome, ...(why === undefined ? {} : { reason: storedText(masker.cutTold(told(why))) }) },
      ...(dedupeKey === undefined ? {} : { dedupeKey: boundedKey(masker.text(dedupeKey)) }),
      ...(decision.outcome === 'started' ? { run: { workflow: workflow.id, version, text, inputs: JSON.stringify(decision.inputs) } } : {}),
    };
  }

  #decide({ workflow, trigger }: WebhookRoute, { headers, query, body }: ReceivedEvent, now: number, proof: string | undefined): EventDecision {
    const event = { kind: 'webhook', at: new Date(now).toISOString(), body, headers, query };
    const scope: Scope = { trigger: event, env: this.#options.env(), $now: now };
    const key = this.#keyOf(trigger, event, scope, proof);
    if (typeof key === 'object') return { outcome: 'invalid', reason: key.problem };
    const dedupe = key === undefined ? {} : { dedupeKey: key };
    if (trigger.if !== undefined) {
      const result = evaluateExpression(trigger.if, scope);
      // Senders send more kinds of events than a condition knows: one without the field is another kind.
      if (!result.ok && result.error.kind === 'missing') return { outcome: 'ignored', reason: message("The condition of the webhook can't be decided for it: {problem}", { problem: result.error.message }), ...dedupe };
      if (!result.ok) return { outcome: 'invalid', reason: message('The condition of the webhook fails: {problem}', { problem: result.error.message }) };
      if (!isTruthy(result.value)) return { outcome: 'ignored', ...dedupe };
    }
    const rendered = trigger.inputs === undefined ? undefined : renderTemplate(trigger.inputs, scope);
    if (rendered?.ok === false) return { outcome: 'invalid', reason: message("The inputs of the run can't be made of it: {problem}", { problem: rendered.error.message }) };
    const given = rendered === undefined ? namedInputs(workflow, body) : rendered.rendered.value;
    try {
      return { outcome: 'started', inputs: this.#options.checkInputs(workflow, isJsonObject(given) ? given : {}), ...dedupe };
    } catch (error) {
      if (error instanceof CodedError && error.code === 'invalid-inputs') return { outcome: 'invalid', reason: error.told };
      throw error;
    }
  }

  #keyOf({ dedupe, verify }: WebhookRoute['trigger'], { body, headers }: Pick<ReceivedEvent, 'body' | 'headers'>, scope: Scope, proof: string | undefined): string | undefined | { readonly problem: Message } {
    if (dedupe === undefined) {
      const own = eventIds[schemeOf(verify)]?.map((source) => ('header' in source ? textAt(headers, [source.header]) : textAt(body, source.body))).find((id) => id !== undefined);
      return own ?? proof;
    }
    const rendered = renderTemplate(dedupe, scope);
    if (!rendered.ok) return { problem: message("What tells its event from others ('dedupe') can't be made of it: {problem}", { problem: rendered.error.message }) };
    const { value } = rendered.rendered;
    if (value === null || value === '') return { problem: message("What tells its event from others ('dedupe') is empty.") };
    return textOfJson(value);
  }
}

type DeliveryColumns = Pick<DeliverParams['delivery'], 'workflow' | 'path' | 'scheme' | 'bytes' | 'headers' | 'query' | 'body'>;

/** As the store has it. Without a body, it is not kept. */
export function deliveryOf({ workflow, trigger }: WebhookRoute, { bytes, headers, query, body }: Omit<ReceivedEvent, 'body'> & { readonly body?: Json }): DeliveryColumns {
  const { id } = workflow;
  return { workflow: id, path: trigger.path, scheme: schemeOf(trigger.verify), bytes, headers: JSON.stringify(headers), query: JSON.stringify(query), body: body === undefined ? null : JSON.stringify(body) };
}

const longestKey = 300;

function boundedKey(key: string): string {
  return key.length <= longestKey ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** The fields of a body that have the names of inputs. */
function namedInputs({ inputs: { properties } }: Workflow, body: Json): JsonObject {
  if (!isJsonObject(body) || !isJsonObject(properties)) return {};
  return Object.fromEntries(Object.entries(body).filter(([name]) => Object.hasOwn(properties, name)));
}
