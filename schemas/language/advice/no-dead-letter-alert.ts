import { nodeAt } from '../../workflow/document.ts';
import type { Adviser } from './advice.ts';
import { queueUses, type QueueUse } from './queue-use.ts';
import { message } from '../../wording/message.ts';

/** A dead letter waits for a person, who has to hear of it: by an alert of the queue, or by `on-failure` of the run. */
export const noDeadLetterAlert: Adviser = (project, say) => {
  const uses = queueUses(project);
  for (const [name, { path, entry }] of project.queues) {
    const used = uses.get(name) ?? [];
    if (nodeAt(entry.value, ['alerts', 'dead-letters']) !== undefined || used.every(tellsByItself)) continue;
    say(path, entry.keyRange, message("Nobody is told when a job of '{name}' becomes a dead letter. Add alerts: {code}, or 'on-failure' to the workflows that use it.", { name, code: '{ dead-letters: { error: 1 } }' }));
  }
};

/** The run fails with its first dead letter, and `on-failure` does something then. A step of `on-failure` is that something. */
function tellsByItself({ file: { workflow }, analysed: { section, step } }: QueueUse): boolean {
  if (section === 'on-failure') return true;
  const toleratesSome = step.foreach !== undefined && (step.foreach.tolerate.kind === 'share' ? step.foreach.tolerate.share > 0 : step.foreach.tolerate.count > 0);
  return !toleratesSome && Object.keys(workflow?.onFailure ?? {}).length > 0;
}
