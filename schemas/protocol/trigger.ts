import { Type, type Static } from 'typebox';
import { JobId, RunId, Time } from './shape.ts';

/** What can start a run: a person or a program by `run/start`, a time of a schedule, an incoming webhook, a step of another run. */
export const triggerKinds = ['manual', 'schedule', 'webhook', 'workflow'] as const;
export type TriggerKind = (typeof triggerKinds)[number];

/** What started a run, as lists show it. Expressions see more of it, as `trigger`. */
export const RunTrigger = Type.Object({
  kind: Type.Enum(triggerKinds),
  scheduledAt: Type.Optional({ ...Time, description: 'With `schedule`: the time that it was due.' }),
  delivery: Type.Optional(Type.String({ description: 'With `webhook`: the delivery, such as `d12`.' })),
  run: Type.Optional({ ...RunId, description: 'With `workflow`: the run whose step started it.' }),
  job: Type.Optional({ ...JobId, description: 'With `workflow`: the job of that step.' }),
});
export type RunTrigger = Static<typeof RunTrigger>;

/** The longest key of a run, in characters. */
export const maxRunKey = 200;

/** Keys that Sluice makes itself begin with `@`, and nobody else's may. */
export const RunKey = Type.String({
  minLength: 1,
  maxLength: maxRunKey,
  pattern: '^[^@\\u0000-\\u001f][^\\u0000-\\u001f]*$',
  description: 'A second start of the workflow with the same key starts nothing: it answers the run that the first one started, until that is deleted.',
});
