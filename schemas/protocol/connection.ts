import { Type, type Static } from 'typebox';
import { connectionTypes } from '../workflow/connections/connection.ts';
import { ConnectionUse } from './queue.ts';
import { Name } from './shape.ts';

/** A connection as lists show it. No method and no event ever has a secret of one. */
export const ConnectionView = Type.Object({
  name: Name,
  type: Type.Enum(connectionTypes),
  address: Type.String({ description: 'The URL of an HTTP API; host and port of a server; the file of a SQLite database.' }),
  auth: Type.Optional(Type.String({ description: 'How calls prove who makes them: `auth.type` of an HTTP API, `user` of a server that is logged in to.' })),
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
