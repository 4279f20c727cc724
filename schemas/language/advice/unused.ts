import { entryOf, type MapEntry } from '../../workflow/document.ts';
import type { AdvisedWorkflow, AdviceRule } from './advice.ts';
import { message } from '../../wording/message.ts';

/** What is declared and never used is left over, or somebody forgot to use it. Beside a file with errors nothing is said: what can't be read may use it. */
export const unused: AdviceRule = ({ workflows, queues, connections }, say) => {
  for (const workflow of workflows) {
    if (workflow.workflow === undefined) continue;
    const used = usedInputs(workflow);
    if (used === undefined) continue;
    for (const { key, keyRange } of entriesOf(workflow, 'inputs')) {
      if (!used.has(key)) say(workflow.path, keyRange, message("Nothing in this workflow uses the input '{key}'.", { key }));
    }
  }
  if (workflows.length === 0 || workflows.some(({ workflow }) => workflow === undefined)) return;
  for (const [name, { path, entry }] of queues) {
    // A queue of a workflow is that workflow's alone.
    const users = workflows.some((workflow) => workflow.path === path) ? workflows.filter((workflow) => workflow.path === path) : workflows;
    if (!users.some(({ steps }) => [...steps.values()].some(({ step }) => step.queue === name))) say(path, entry.keyRange, message("No step uses the queue '{name}'.", { name }));
  }
  for (const [name, { path, entry }] of connections) {
    if (!workflows.some((workflow) => usesConnection(workflow, name))) say(path, entry.keyRange, message("No step uses the connection '{name}'.", { name }));
  }
};

/** Undefined if an expression takes all inputs at once. */
function usedInputs({ steps }: AdvisedWorkflow): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  for (const { sites } of steps.values()) {
    for (const { expression } of sites.flatMap(({ expressions }) => expressions)) {
      for (const { path: [root, name] } of expression.references) {
        if (root !== 'inputs') continue;
        if (name === undefined) return undefined;
        used.add(name);
      }
    }
  }
  return used;
}

function usesConnection({ steps }: AdvisedWorkflow, name: string): boolean {
  return [...steps.values()].some(({ entry }) => {
    const given = entryOf(entryOf(entry.value, 'with')?.value, 'connection')?.value;
    return given?.kind === 'scalar' && given.value === name;
  });
}

function entriesOf({ root }: AdvisedWorkflow, key: string): readonly MapEntry[] {
  const node = entryOf(root, key)?.value;
  return node?.kind === 'map' ? node.entries : [];
}
