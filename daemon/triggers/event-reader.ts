import { CodedError } from '../../schemas/protocol/error.ts';
import { evaluateExpression, isTruthy, type Scope, textOfJson } from '../../schemas/workflow/expression/expression.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { renderTemplate } from '../../schemas/workflow/template.ts';
import { eventIds, schemeOf } from '../../schemas/workflow/triggers/webhook-verify.ts';
import { textAt } from './webhook-body.ts';
import type { WebhookRoute } from './webhook-routes.ts';

/** What expressions see as `trigger`. */
export interface WebhookEvent {
  readonly kind: 'webhook';
  readonly at: string;
  readonly body: Json;
  readonly headers: Json;
  readonly query: Json;
}

/** The inputs with their defaults. @throws CodedError `invalid-inputs` */
export type InputCheck = (workflow: Workflow, given: Readonly<Record<string, unknown>>) => JsonObject;

export type EventDecision = { readonly dedupeKey?: string } & (
  | { readonly outcome: 'started'; readonly inputs: JsonObject }
  | { readonly outcome: 'ignored'; readonly reason?: string }
  | { readonly outcome: 'invalid'; readonly reason: string }
);

/** Decides what an event is for its workflow: `if`, `dedupe` and `inputs` of the webhook. */
export class EventReader {
  readonly #env: () => Readonly<Record<string, string>>;
  readonly #checkInputs: InputCheck;

  constructor({ env, checkInputs }: { readonly env: () => Readonly<Record<string, string>>; readonly checkInputs: InputCheck }) {
    this.#env = env;
    this.#checkInputs = checkInputs;
  }

  /** `proof`: what nobody can send again with another content, see `Verification`. */
  decide({ workflow, trigger }: WebhookRoute, event: WebhookEvent, { now, proof }: { readonly now: number; readonly proof?: string }): EventDecision {
    const scope: Scope = { trigger: event, env: this.#env(), $now: now };
    const key = this.#keyOf(trigger, event, scope, proof);
    if (typeof key === 'object') return { outcome: 'invalid', reason: key.problem };
    const dedupe = key === undefined ? {} : { dedupeKey: key };
    if (trigger.if !== undefined) {
      const result = evaluateExpression(trigger.if, scope);
      // Senders send more kinds of events than a condition knows: one without the field is another kind.
      if (!result.ok && result.error.kind === 'missing') return { outcome: 'ignored', reason: `The condition of the webhook can't be decided for it: ${result.error.message}`, ...dedupe };
      if (!result.ok) return { outcome: 'invalid', reason: `The condition of the webhook fails: ${result.error.message}` };
      if (!isTruthy(result.value)) return { outcome: 'ignored', ...dedupe };
    }
    const rendered = trigger.inputs === undefined ? undefined : renderTemplate(trigger.inputs, scope);
    if (rendered?.ok === false) return { outcome: 'invalid', reason: `The inputs of the run can't be made of it: ${rendered.error.message}` };
    const given = rendered === undefined ? namedInputs(workflow, event.body) : rendered.rendered.value;
    try {
      return { outcome: 'started', inputs: this.#checkInputs(workflow, isJsonObject(given) ? given : {}), ...dedupe };
    } catch (error) {
      if (error instanceof CodedError && error.code === 'invalid-inputs') return { outcome: 'invalid', reason: error.message };
      throw error;
    }
  }

  #keyOf({ dedupe, verify }: WebhookRoute['trigger'], { body, headers }: WebhookEvent, scope: Scope, proof: string | undefined): string | undefined | { readonly problem: string } {
    if (dedupe === undefined) {
      const own = eventIds[schemeOf(verify)]?.map((source) => ('header' in source ? textAt(headers, [source.header]) : textAt(body, source.body))).find((id) => id !== undefined);
      return own ?? proof;
    }
    const rendered = renderTemplate(dedupe, scope);
    if (!rendered.ok) return { problem: `What tells its event from others ('dedupe') can't be made of it: ${rendered.error.message}` };
    const { value } = rendered.rendered;
    if (value === null || value === '') return { problem: "What tells its event from others ('dedupe') is empty." };
    return textOfJson(value);
  }
}

/** The fields of a body that have the names of inputs. */
function namedInputs({ inputs: { properties } }: Workflow, body: Json): JsonObject {
  if (!isJsonObject(body) || !isJsonObject(properties)) return {};
  return Object.fromEntries(Object.entries(body).filter(([name]) => Object.hasOwn(properties, name)));
}
