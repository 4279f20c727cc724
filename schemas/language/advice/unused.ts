import { entryOf, type MapEntry } from '../../workflow/document.ts';
import type { AdvisedWorkflow, AdviceRule } from './advice.ts';
import { message } from '../../wording/message.ts';

/** What is declared and never used is left over, or somebody forgot to use it. Beside a file with errors nothing is said: what can't be read may use it. */
export const unused: AdviceRule = ({ workflows, queues, connections }, say) => {
  for (const workflow of workflows) {
    if (workflow.workflow === undefined) continue;
    const inputs = usedOf('inputs', workflow);
    for (const { key, keyRange } of entriesOf(workflow, 'inputs')) {
      if (inputs?.has(key) === false) say(workflow.path, keyRange, message("Nothing in this workflow uses the input '{key}'.", { key }));
    }
    const vars = usedOf('vars', workflow);
    for (const { key, keyRange } of entriesOf(workflow, 'vars')) {
      if (vars?.has(key) === false) say(workflow.path, keyRange, message("Nothing in this workflow uses the value '{key}'.", { key }));
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

/** Undefined if an expression takes all of them at once. */
function usedOf(root: 'inputs' | 'vars', { steps, sites: outside }: AdvisedWorkflow): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  for (const { expressions } of [...outside, ...[...steps.values()].flatMap(({ sites }) => sites)]) {
    for (const { path: [first, name] } of expressions.flatMap(({ expression }) => expression.references)) {
      if (first !== root) continue;
      if (name === undefined) return undefined;
      used.add(name);
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
