import { Type, type Static } from 'typebox';
import { JobId, Time } from './shape.ts';

/** Dead letters of one queue that failed alike. */
export const DeadGroup = Type.Object({
  queue: Type.String(),
  cause: Type.String({ description: '`error.cause` of each; `cause` of `dead/list`, `dead/replay` and `dead/discard` takes it.' }),
  count: Type.Integer(),
  newestAt: Time,
  newest: JobId,
  oldestAt: Time,
});
export type DeadGroup = Static<typeof DeadGroup>;
