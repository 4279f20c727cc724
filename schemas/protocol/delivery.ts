import { type Static, Type } from 'typebox';
import { Time, Wording } from './shape.ts';

/**
 * - `started`: it started a run. `ignored`: the trigger's `if` was false.
 * - `invalid`: what it holds can't start the workflow, and its sender was told so (415 or 422).
 * - `refused`: it did not prove where it comes from (401), or its body is too large (413).
 * - `duplicate`: its event had come before; nothing was started again.
 */
export const deliveryOutcomes = ['started', 'ignored', 'invalid', 'refused', 'duplicate'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** Why a request was refused. The last two are faults of this project, not of the request. */
export const verificationFlaws = [
  'no-signature',
  'malformed-signature',
  'wrong-signature',
  'no-timestamp',
  'too-late',
  'too-early',
  'no-id',
  'no-secret',
  'wrong-secret',
  'too-large',
  'undecodable',
  'unset-secret',
  'unusable-secret',
] as const;
export type VerificationFlaw = (typeof verificationFlaws)[number];

export const DeliveryId = Type.String({ pattern: '^d[1-9][0-9]{0,15}$', description: 'A delivery: `d12`.' });

/** An incoming webhook as it was received, and what became of it, as lists show it. */
export const DeliverySummary = Type.Object({
  id: DeliveryId,
  workflow: Type.String({ description: 'The workflow whose webhook has its path.' }),
  path: Type.String({ description: 'Below `/hooks/`.' }),
  receivedAt: Time,
  outcome: Type.Enum(deliveryOutcomes, {
    description: '`started`: it started a run. `ignored`: the `if` of the webhook was false. `invalid`: it could not start the workflow, and its sender was told so. `refused`: it did not prove where it comes from. `duplicate`: its event had come before.',
  }),
  scheme: Type.String({ description: 'What it had to satisfy: `github`, say. `none`: nothing. `rerun`: a person ran it again.' }),
  flaw: Type.Optional(Type.Enum(verificationFlaws, { description: 'Why it was refused.' })),
  reason: Type.Optional(Type.String({ description: 'Why it started nothing, for a person, if its outcome does not say all of it.' })),
  reasonWording: Wording,
  run: Type.Optional(Type.String({ description: 'What it started: `r7`. Of a duplicate: what the first delivery of its event started.' })),
  duplicateOf: Type.Optional(Type.String({ description: 'The first delivery of its event.' })),
  rerunOf: Type.Optional(Type.String({ description: 'The delivery that a person ran again with this one.' })),
  bytes: Type.Integer({ description: 'Of the body, without its content coding.' }),
});
export type DeliverySummary = Static<typeof DeliverySummary>;

export const DeliveryDetail = Type.Object({
  ...DeliverySummary.properties,
  headers: Type.Record(Type.String(), Type.String(), { description: 'By lower-case name. Credentials, signatures and values of secrets are masked.' }),
  query: Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())]), { description: 'A parameter that was there several times is a list. Secrets are masked.' }),
  body: Type.Optional(Type.Unknown({ description: 'Parsed, with values of secrets masked; text if it could not be parsed; missing if it was not kept.' })),
  dedupeKey: Type.Optional(Type.String({ description: 'What tells its event from others.' })),
});
export type DeliveryDetail = Static<typeof DeliveryDetail>;

/** Where webhooks are received; only of a project with a workflow that has one. */
export const WebhookStatus = Type.Object({
  state: Type.Enum(['listening', 'trouble', 'off'] as const, { description: '`off`: `config.yaml` does not say where to listen.' }),
  url: Type.Optional(Type.String({ description: 'What senders call, without the path of a webhook: `http://127.0.0.1:4681/hooks/`, or `public-url`.' })),
  listen: Type.Optional(Type.String({ description: '`127.0.0.1:4681`.' })),
  problem: Type.Optional(Type.String({ description: 'Why nothing is received just now, for a person; it is tried again by itself.' })),
});
export type WebhookStatus = Static<typeof WebhookStatus>;
