import { message, sentences, type Message } from '../../wording/message.ts';
import type { ActionDefinition } from '../actions/action-definition.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { entryAt, type DocumentNode } from '../document.ts';
import type { JsonObject } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { checkActionInput } from './action-input.ts';
import type { AnalysedFileOf } from './analyse-files.ts';
import { childIdOf } from './child-workflow.ts';
import { didYouMean, quoted, Report } from './report.ts';
import type { AnalysedStep } from './step-analysis.ts';

type WorkflowFile = AnalysedFileOf<'workflow'>;

/** A step that runs another workflow, as it is written. */
interface ChildRun {
  readonly step: AnalysedStep;
  /** The workflow's id, with the place of that value. */
  readonly id: string;
  readonly node: DocumentNode;
}

/** What each workflow takes, as an action that is checked like any other; its check is compiled once. */
const takers = new WeakMap<JsonObject, ActionDefinition>();

/** Checks the steps that run other workflows: that these exist, take the inputs, and do not start each other in a circle. */
export function reportChildRuns(files: readonly WorkflowFile[], found: ReadonlyMap<string, Diagnostic[]>): void {
  const byId = new Map(files.map((file) => [file.id, file]));
  const runs = new Map(files.map((file) => [file.id, childRunsOf(file)]));
  for (const file of files) {
    const children = runs.get(file.id) ?? [];
    if (children.length === 0) continue;
    const report = new Report(file.file.text);
    for (const child of children) checkChild(report, child, file.id, byId, runs);
    found.get(file.file.path)?.push(...report.conclude(undefined));
  }
}

function childRunsOf({ analysis: { steps } }: WorkflowFile): readonly ChildRun[] {
  return [...steps.values()].flatMap((step) => {
    const child = childIdOf(step);
    return child === undefined ? [] : [{ step, ...child }];
  });
}

function checkChild(report: Report, { step, id, node }: ChildRun, from: string, files: ReadonlyMap<string, WorkflowFile>, runs: ReadonlyMap<string, readonly ChildRun[]>): void {
  if (id.includes('${{')) {
    report.error('unknown-workflow', node.range, message("'workflow' is the id of a workflow; an expression is not allowed here, because nobody could check the inputs."));
    return;
  }
  const file = files.get(id);
  if (file === undefined) {
    const nearest = nearestName(id, files.keys());
    report.error('unknown-workflow', node.range, sentences(message('There is no workflow {id}.', { id: quoted(id) }), didYouMean(nearest)), nearest === undefined ? [] : [nearest]);
    return;
  }
  const circle = circleOf(from, id, runs);
  if (circle !== undefined) report.error('cycle', node.range, circleMessage(circle));
  const inputs = entryAt(step.entry.value, ['with', 'inputs']);
  const at = inputs?.keyRange ?? node.range;
  const given = inputs?.value ?? ({ kind: 'map', entries: [], range: node.range } as const);
  if (given.kind === 'map') checkActionInput(report, takerOf(id, file.analysis.inputs), given, at);
}

function takerOf(id: string, inputs: JsonObject): ActionDefinition {
  const known = takers.get(inputs);
  if (known !== undefined) return known;
  const taker = { name: id, summary: '', input: inputs, output: {} };
  takers.set(inputs, taker);
  return taker;
}

/** The workflows that start one another, from `from` by way of `next` back to it; undefined if nothing leads back. */
function circleOf(from: string, next: string, runs: ReadonlyMap<string, readonly ChildRun[]>): readonly string[] | undefined {
  const before = new Map<string, string>([[next, from]]);
  for (const id of before.keys()) {
    if (id === from) {
      const path: string[] = [from];
      for (let at = before.get(from); at !== undefined && at !== from; at = before.get(at)) path.unshift(at);
      return [from, ...path];
    }
    for (const child of runs.get(id) ?? []) if (!before.has(child.id)) before.set(child.id, id);
  }
  return undefined;
}

function circleMessage(circle: readonly string[]): Message {
  const path = circle.map(quoted).join(' → ');
  return message('Workflows start one another in a circle, which would never end: {path}.', { path });
}
