import { message } from '../../wording/message.ts';
import type { AnalysedStep } from '../../workflow/analysis/step-analysis.ts';
import { entryOf, nodeAt } from '../../workflow/document.ts';
import { queueDefaults } from '../../workflow/model.ts';
import type { AdvisedProject, AdvisedWorkflow, AdviceRule } from './advice.ts';

/** A dead letter waits for a person, who has to hear of it: by an alert of the queue, or by `on-failure` of the run. */
export const noDeadLetterAlert: AdviceRule = (project, say) => {
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

/** Greater priorities go first, always: a whole list that goes first is a long wait for everything else in the queue. */
export const starving: AdviceRule = (project, say) => {
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

/** A step and the queue that its jobs wait in. */
interface QueueUse {
  readonly file: AdvisedWorkflow;
  readonly analysed: AnalysedStep;
  /** Its own, else its queue's, else the default. */
  readonly priority: number;
}

/** The steps of all workflows by their queue. Nothing is said of workflows with errors. */
export function queueUses({ workflows, queues }: AdvisedProject): ReadonlyMap<string, readonly QueueUse[]> {
  const uses = new Map<string, QueueUse[]>();
  for (const file of workflows) {
    if (file.workflow === undefined) continue;
    for (const analysed of file.steps.values()) {
      const { queue, priority = queues.get(queue)?.definition.priority ?? queueDefaults.priority } = analysed.step;
      const list = uses.get(queue) ?? [];
      list.push({ file, analysed, priority });
      uses.set(queue, list);
    }
  }
  return uses;
}
