import { Type, type Static } from 'typebox';
import { connectionTypes } from '../workflow/connections/connection.ts';
import { RateShape, RateUseShape } from './queue.ts';
import { Name, Time } from './shape.ts';

/** What a connection lets start over all queues, and how much of it is used. */
export const ConnectionUse = Type.Object({
  rates: Type.Array(RateUseShape, { description: 'Those that hold together, each with its use by all queues and daemons, as far as this daemon has heard; none if there is no rate.' }),
  concurrency: Type.Optional(Type.Integer()),
  active: Type.Optional(Type.Integer({ description: 'Attempts under way, of all queues and daemons, as far as this daemon has heard; omitted without `concurrency`, or if it has heard of none.' })),
  waiting: Type.Array(Type.String(), { description: 'Queues of this daemon with jobs that wait for the connection.' }),
  obstacle: Type.Optional(Type.Object({ kind: Type.Enum(['rate', 'concurrency'] as const), rate: Type.Optional(RateShape), until: Type.Optional(Time) }, { description: 'What they wait for.' })),
});
export type ConnectionUse = Static<typeof ConnectionUse>;

/** A connection as lists show it. No method and no event ever has a secret of one. */
export const ConnectionView = Type.Object({
  name: Name,
  type: Type.Enum(connectionTypes),
  address: Type.String({ description: 'The URL of an HTTP API; host and port of an SMTP server.' }),
  auth: Type.Optional(Type.String({ description: 'How calls prove who makes them: `auth.type` of an HTTP API, `user` of an SMTP server that is logged in to.' })),
  lacks: Type.Array(Type.String(), { description: 'Secrets that it names and that are not set.' }),
  limits: Type.Optional(Type.Object(ConnectionUse.properties, { description: 'Omitted if it has no limits of its own.' })),
});
export type ConnectionView = Static<typeof ConnectionView>;

/** `works`: the credentials were taken, if there are any. `reached`: it answered, in a way that says nothing of them. */
export const connectionVerdicts = ['works', 'reached', 'failed'] as const;

export const ConnectionTest = Type.Object({
  name: Name,
  address: Type.String({ description: 'What was called.' }),
  verdict: Type.Enum(connectionVerdicts, { description: '`works`; `reached`: it answered, in a way that says nothing of the credentials; `failed`.' }),
  answered: Type.Optional(Type.String({ description: 'Status or reply: `200 OK`.' })),
  body: Type.Optional(Type.String({ description: 'The beginning of the answer, masked.' })),
  problem: Type.Optional(Type.String({ description: 'Why it failed, or what it says nothing of.' })),
  durationMs: Type.Number(),
});
export type ConnectionTest = Static<typeof ConnectionTest>;
