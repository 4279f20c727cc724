import { Type, type Static } from 'typebox';
import { JobError, Time } from './shape.ts';

/** What has become of jobs that were replayed. The counts add up to the jobs that are still there. */
export const ReplayTally = Type.Object({
  succeeded: Type.Integer(),
  dead: Type.Integer({ description: 'Dead letters again, or taken back.' }),
  active: Type.Integer({ description: 'An attempt is under way.' }),
  retrying: Type.Integer({ description: 'An attempt has failed since, and another follows.' }),
  waiting: Type.Integer({ description: 'No attempt yet.' }),
  cancelled: Type.Integer(),
  discarded: Type.Integer(),
  lastDueAt: Type.Optional({ ...Time, description: 'When the last of those that wait, for a first or another attempt, is due.' }),
  error: Type.Optional(JobError),
});
export type ReplayTally = Static<typeof ReplayTally>;
