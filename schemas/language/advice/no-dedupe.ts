import { entryOf, nodeAt } from '../../workflow/document.ts';
import type { Foreach } from '../../workflow/model.ts';
import type { Adviser, AdvisedWorkflow } from './advice.ts';
import { hasSideEffect } from './side-effect.ts';
import { message } from '../../wording/message.ts';

/** What comes twice is done twice: an item of a list, or an event that its sender repeats, as all senders of webhooks do. */
export const noDedupe: Adviser = ({ workflows }, say) => {
  for (const file of workflows) {
    const { path, workflow, steps, root } = file;
    if (workflow === undefined) continue;
    for (const { step, entry } of steps.values()) {
      if (step.foreach === undefined || step.foreach.key !== undefined || !hasSideEffect(step) || isUnique(step.foreach, file)) continue;
      const at = entryOf(entry.value, 'foreach')?.keyRange ?? entry.keyRange;
      const told = { code: `\${{ ${step.foreach.as}.id }}` };
      say(path, at, step.uses === 'email/send' ? message("An item that stands in the list twice is written to twice. Say by 'key' what tells items apart, such as key: {code}.", told) : message("An item that stands in the list twice is sent twice. Say by 'key' what tells items apart, such as key: {code}.", told));
    }
    const webhook = nodeAt(root, ['on', 'webhook']);
    if (webhook?.kind === 'map' && entryOf(webhook, 'dedupe') === undefined && [...steps.values()].some(({ step }) => hasSideEffect(step))) {
      const at = entryOf(nodeAt(root, ['on']), 'webhook')?.keyRange ?? webhook.range;
      say(path, at, message("Senders repeat a webhook whose answer they miss, and each starts a run. Say by 'dedupe' what tells events apart, such as dedupe: {code}.", { code: '${{ trigger.body.id }}' }));
    }
  }
};

/** The list is written out, or holds results of items that a key has told apart already. */
function isUnique({ source }: Foreach, { steps }: AdvisedWorkflow): boolean {
  if (source.kind === 'file') return false;
  if (source.items.kind !== 'expression') return true;
  const [reference, ...others] = source.items.expression.references;
  if (reference === undefined || others.length > 0) return false;
  const [root, id = '', property] = reference.path;
  return root === 'steps' && property === 'results' && steps.get(id)?.step.foreach?.key !== undefined;
}
