import { CodedError } from '../../schemas/protocol/error.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { evaluateExpression, isTruthy } from '../../schemas/workflow/expression/expression.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import type { Step, Workflow } from '../../schemas/workflow/model.ts';
import { openProjectFile } from '../actions/project-file.ts';
import { renderFile } from '../core/foreach-items.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import { manualTrigger, runScope, type MutableScope, computeVars } from '../core/run-scope.ts';
import { readItemsOf } from '../engine/item-copy.ts';
import { itemFormatOf } from '../engine/item-file.ts';
import { ItemFileError } from '../engine/item-file-error.ts';

/** What is read of all files of a run together, in characters of their items: about a second's work. */
const maxChecked = 67_108_864;

export interface ItemFileCheck {
  readonly workflow: Workflow;
  /** Checked, with their defaults. */
  readonly inputs: JsonObject;
  readonly projectFolder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/**
 * Reads the item files of a run before it starts, where their paths don't depend on what its steps will give: a bad line is found before other
 * steps have sent anything. A file is read as a stream, and kept nowhere. When its step starts it is checked again, as a whole. What isn't there
 * yet may come until then, so it is not an error.
 *
 * @throws CodedError `invalid-inputs`
 */
export async function checkItemFiles(check: ItemFileCheck): Promise<void> {
  const steps = Object.values(check.workflow.steps);
  const first = steps.filter(({ needs }) => needs.length === 0);
  let checked = 0;
  for (const step of steps) {
    // Nothing is sent before the items of a step that begins alone: its own check comes first.
    if (first.length === 1 && step === first[0]) continue;
    const file = knownFile(step, check);
    if (file !== undefined) checked += await checkFile(file, step, check.projectFolder, maxChecked - checked);
    if (checked >= maxChecked) return;
  }
}

/** The path of a step's items; undefined if it has none, or only the run will tell which, or whether the step is skipped. */
function knownFile({ if: condition, foreach }: Step, check: ItemFileCheck): string | undefined {
  if (foreach?.source.kind !== 'file') return undefined;
  const scope = startScope(check);
  const decided = condition === undefined ? undefined : evaluateExpression(condition, scope);
  if (decided !== undefined && !(decided.ok && isTruthy(decided.value))) return undefined;
  const file = renderFile(foreach.source.file, scope);
  return typeof file === 'string' ? file : undefined;
}

/** Without steps and the run itself: an expression that needs them can't be evaluated. */
function startScope({ workflow, inputs, env, now }: ItemFileCheck): MutableScope {
  const source = { run: {}, env, now, inputs: () => inputs, trigger: () => manualTrigger(now) };
  const scope = runScope({ ...source, vars: () => computeVars(workflow, source), steps: {} });
  delete scope['run'];
  delete scope['steps'];
  scope['$status'] = 'success';
  return scope;
}

/** Resolves to how much was read, in characters. */
async function checkFile(file: string, { id: step, foreach }: Step, projectFolder: string, limit: number): Promise<number> {
  let read = 0;
  try {
    const opened = await openProjectFile(projectFolder, file);
    if (!opened.ok) return 0;
    for await (const item of readItemsOf(opened.handle, itemFormatOf(file, foreach))) {
      read += item.length;
      if (read > limit) break;
    }
  } catch (error) {
    if (error instanceof ItemFileError) throw new CodedError('invalid-inputs', sentences(message("The items of the step {step} can't be read: {file}: {problem}.", { step, file: JSON.stringify(file), problem: error.message }), message('Nothing was started.')));
    // Descriptors, say: the step reads it when there are some again.
    if (!(error instanceof MachineTroubleError)) throw error;
  }
  return read;
}
