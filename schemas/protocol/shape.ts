import { Type, type Static } from 'typebox';
import type { Message } from '../wording/message.ts';
import { attemptStates, jobStates, runStates, stepStates } from './id.ts';

/** Shapes that several messages share. Times are ISO 8601 in UTC, durations milliseconds with the unit in the name. */

export const JobStateShape = Type.Enum(jobStates);
export const StepStateShape = Type.Enum(stepStates);
export const RunStateShape = Type.Enum(runStates);
export const AttemptStateShape = Type.Enum(attemptStates);

export const Time = Type.String({ description: 'ISO 8601, UTC, with milliseconds: `2026-11-24T09:30:00.000Z`.', maxLength: 40 });
export const RunId = Type.String({ pattern: '^r[1-9][0-9]{0,15}$', description: 'A run: `r12`.' });
export const JobId = Type.String({ pattern: '^j[1-9][0-9]{0,15}$', description: 'A job: `j4031`.' });
export const Name = Type.String({ minLength: 1, maxLength: 200 });

/** The longest page that a list answers with. */
export const maxPage = 1000;
export const Page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPage, description: 'The largest number of entries. Default: 100.' })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: '`next` of the page before.' })),
};
export const Where = Type.Optional(
  Type.String({ maxLength: 8192, description: 'A CEL expression over the fields of an entry: `error.status == 503 && queue == "erp"`.' }),
);
/** Present where there is more: the cursor of the next page. */
export const Next = Type.Optional(Type.String());

/** Of a text that comes with it, for those who show it in another language; `messageOfTold` reads it. */
export const Wording = Type.Optional(
  Type.Unsafe<Message>(Type.Object({ pattern: Type.String(), args: Type.Object({}) }, { description: 'What the text before it was made of: a pattern in English, and its arguments. Omitted for what an earlier version has stored.' })),
);

export const JobError = Type.Object({
  kind: Type.String({ description: '`status`, `network`, `timeout`, `invalid`, `internal`, `interrupted`, `crash_loop`, `cancelled` or `run`.' }),
  cause: Type.String({ description: 'The kind of failure: `503 Service Unavailable`.' }),
  message: Type.String({ description: 'The error in words, for a person.' }),
  wording: Wording,
  status: Type.Optional(Type.Integer({ description: 'HTTP status or SMTP reply code.' })),
});
export type JobError = Static<typeof JobError>;

/** Jobs of a step, a run or a queue by where they stand. `open`: pending, delayed or active. */
export const JobCounts = Type.Object({
  total: Type.Integer(),
  open: Type.Integer(),
  succeeded: Type.Integer(),
  dead: Type.Integer(),
  cancelled: Type.Integer(),
  discarded: Type.Integer(),
});
export type JobCounts = Static<typeof JobCounts>;

/** Of the parameters of a method: no others are taken. */
export const closed = { additionalProperties: false } as const;
