import { entryOf } from '../../workflow/document.ts';
import type { Adviser } from './advice.ts';
import { queueUses, type QueueUse } from './queue-use.ts';
import { message } from '../../wording/message.ts';

/** Greater priorities go first, always: a whole list that goes first is a long wait for everything else in the queue. */
export const starving: Adviser = (project, say) => {
  for (const [name, uses] of queueUses(project)) {
    const before = uses.filter(({ analysed }) => analysed.step.foreach !== undefined).toSorted((a, b) => b.priority - a.priority)[0];
    for (const use of uses) {
      if (before === undefined || before.priority <= use.priority) continue;
      const { file, analysed } = use;
      const at = entryOf(analysed.entry.value, 'priority')?.value.range ?? entryOf(analysed.entry.value, 'queue')?.value.range ?? analysed.entry.keyRange;
      say(file.path, at, message("These jobs (priority {priority}) wait until the whole list of {list} (priority {listPriority}) has gone through the queue '{name}'. Give the list the smaller priority, or a queue of its own.", { priority: use.priority, list: nameOf(before, use), listPriority: before.priority, name }));
    }
  }
};

function nameOf({ file, analysed }: QueueUse, seenFrom: QueueUse): string {
  const id = `'${analysed.step.id}'`;
  return file.path === seenFrom.file.path ? id : `${id} in ${file.path}`;
}
