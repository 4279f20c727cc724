import type { AnalysedStep } from '../../workflow/analysis/step-analysis.ts';
import { queueDefaults } from '../../workflow/model.ts';
import type { AdvisedProject, AdvisedWorkflow } from './advice.ts';

/** A step and the queue that its jobs wait in. */
export interface QueueUse {
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
