import { Type, type Static } from 'typebox';
import { JobId, Time } from './shape.ts';

/** Dead letters of one queue that failed alike. */
export const DeadGroup = Type.Object({
  queue: Type.String(),
  group: Type.String({
    description:
      'What they have in common: the action, `error.cause`, and what the answer says, with ids, numbers, times and quoted values masked. `group` of `dead/list`, `dead/replay` and `dead/discard` takes it.',
  }),
  uses: Type.String({ description: 'The action.' }),
  title: Type.String({ description: '`group` without the action.' }),
  count: Type.Integer(),
  edited: Type.Optional(Type.Integer({ description: 'How many of them have a draft; left out where none has.' })),
  newestAt: Time,
  newest: JobId,
  oldestAt: Time,
});
export type DeadGroup = Static<typeof DeadGroup>;

/** The parts of a group's text; names of actions have no colon. */
export function readDeadGroup(group: string): Pick<DeadGroup, 'uses' | 'title'> {
  const end = group.indexOf(': ');
  return end === -1 ? { uses: '', title: group } : { uses: group.slice(0, end), title: group.slice(end + 2) };
}
