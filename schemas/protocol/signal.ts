import { type Static, Type } from 'typebox';
import { JobId, RunId, Time } from './shape.ts';

/** Characters of a signal's name. */
export const maxSignalName = 200;
/** Waits that a list shows. */
export const maxSignalWaits = 1000;

/** A job that waits for an answer. */
export const SignalWait = Type.Object({
  run: RunId,
  workflow: Type.String(),
  job: JobId,
  step: Type.String(),
  signal: Type.String({ description: 'What an answer is addressed to, together with the run.' }),
  key: Type.Optional(Type.String({ description: "The item's key." })),
  since: Time,
  until: Type.Optional(Type.String({ description: 'When nobody needs to answer any longer, as a time; missing if the wait has no end.', maxLength: 40 })),
  question: Type.Optional(Type.String({ description: 'What is asked, as the step says it.' })),
  payload: Type.Optional(Type.Unknown({ description: 'The fields of an answer: properties of a JSON Schema. Omitted if anything is accepted.' })),
});
export type SignalWait = Static<typeof SignalWait>;
