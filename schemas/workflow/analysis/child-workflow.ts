import { message } from '../../wording/message.ts';
import { nodeAt, type DocumentNode } from '../document.ts';
import { mapOf, textType, typeOfSchema, unionOf, unknownType, type ExpressionType } from '../expression/type.ts';
import type { JsonObject } from '../json.ts';
import type { AnalysedStep } from './step-analysis.ts';

/** What steps that run a workflow know of it. */
export interface ChildWorkflow {
  /** A JSON Schema of an object. */
  readonly inputs: JsonObject;
  readonly outputs: ExpressionType;
  /** The same for two versions of its file that differ in nothing that such a step can see. */
  readonly fingerprint: string;
}

export function childWorkflow(inputs: JsonObject, outputs: ExpressionType): ChildWorkflow {
  const withMaps = (_: string, value: unknown): unknown => (value instanceof Map ? [...(value as ReadonlyMap<string, unknown>)] : value);
  return { inputs, outputs, fingerprint: JSON.stringify([inputs, outputs], withMaps) };
}

/** The id of the workflow that a step runs, and where it is written, whatever is written there; undefined if the step runs none. */
export function childIdOf({ step, entry }: AnalysedStep): { readonly id: string; readonly node: DocumentNode } | undefined {
  const node = step.uses === 'workflow/run' ? nodeAt(entry.value, ['with', 'workflow']) : undefined;
  return node?.kind === 'scalar' && typeof node.value === 'string' ? { id: node.value, node } : undefined;
}

/** What a step that runs a workflow gives. `child`: undefined if it isn't known. */
export function childOutput(step: AnalysedStep, child: ChildWorkflow | undefined): ExpressionType {
  const { entry } = step;
  const outputs = outputsOf(childIdOf(step)?.id ?? '', child);
  const started = mapOf({ run: { type: textType, required: true, description: 'The run that was started.', examples: ['r12'] } });
  const wait = nodeAt(entry.value, ['with', 'wait']);
  if (wait === undefined) return outputs;
  const isWaitedFor = wait.kind === 'scalar' ? wait.value : undefined;
  return isWaitedFor === true ? outputs : isWaitedFor === false ? started : unionOf([outputs, started, unknownType]);
}

function outputsOf(id: string, child: ChildWorkflow | undefined): ExpressionType {
  const outputs = child?.outputs ?? unknownType;
  return outputs.kind === 'map' && outputs.fields.size === 0 ? { ...outputs, whyEmpty: message("The workflow '{id}' has no 'outputs'.", { id }) } : outputs;
}

/** What such a step takes: the type of `with`. `taken`: as the action's schema says it. */
export function childInput(taken: ExpressionType, child: ChildWorkflow | undefined): ExpressionType {
  const inputs = taken.kind === 'map' ? taken.fields.get('inputs') : undefined;
  if (taken.kind !== 'map' || inputs === undefined || child === undefined) return taken;
  return { ...taken, fields: new Map([...taken.fields, ['inputs', { ...inputs, type: typeOfSchema(child.inputs) }]]) };
}
