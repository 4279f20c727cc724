import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import { transformJsonata, type TransformJsonataInput } from '../../schemas/workflow/actions/transform-jsonata.ts';
import { jsonataProblem } from '../../schemas/workflow/jsonata/jsonata-source.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { type Action, type ActionContext, type ActionFailure, type ActionResult, attemptError, type FailureDetails, inputValidator, invalidInput } from './action.ts';
import { codePlace } from './code-place.ts';
import { type CodeFailure, ended, runCode } from './sandbox/run-code.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { maxResultBytes } from './sandbox/sandbox-task.ts';

const validate = inputValidator<TransformJsonataInput>(transformJsonata);

/** `transform/jsonata`: an expression of people, run by its library in the sandbox, with the limits of a script. */
export class TransformJsonataAction implements Action {
  readonly definition = transformJsonata;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  async execute(given: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(given);
    if (!valid.ok) return valid.failure;
    const { expression, input: data = null, 'time-limit': limit } = valid.input;
    // An edited payload was not looked at before.
    const problem = jsonataProblem(expression);
    if (problem !== undefined) return invalidInput('expression not valid', sentences(problem.message, codePlace(expression, expression.slice(0, problem.range.end).split('\n').length, context)));
    return runCode(this.#sandbox, { action: 'transform/jsonata', language: 'jsonata', code: expression, argument: { data }, limit }, context, failure);
  }

  async stop(): Promise<void> {}
}

function failure({ fault, limitMs, place }: CodeFailure, record: FailureDetails): ActionFailure {
  const invalid = (cause: string, ...texts: readonly (Message | undefined)[]): ActionFailure => invalidInput(cause, sentences(...texts), record);
  switch (fault.kind) {
    case 'syntax':
    case 'thrown':
      return invalid('expression failed', message('The expression failed: {text}', { text: ended(fault.text) }), place(fault.line));
    case 'time':
      return invalid('expression too slow', message('The expression was stopped, because it had used up its {limit} ms of processor time.', { limit: String(limitMs) }));
    case 'memory':
      return invalid('expression out of memory', message('The expression was stopped, because it needs more than its 64 MiB of memory.'));
    case 'depth':
      return invalid('expression too deep', message('The expression was stopped, because its calls, or the values that it makes, are nested too deeply.'));
    case 'not-json':
      return invalid('result is not JSON', message("The result of the expression can't be JSON: {path} is {what}.", { path: fault.path, what: fault.what }));
    case 'too-large':
      return invalid('result too large', message('The result of the expression has {bytes} bytes of JSON; {max} is the most.', { bytes: String(fault.bytes), max: String(maxResultBytes) }));
    case 'no-function':
    case 'never-settles':
      return { ok: false, error: attemptError('internal', 'sandbox failed', message('The expression could not be run.')), ...record };
    case 'broken':
      return { ok: false, error: attemptError('internal', 'sandbox failed', message('The expression could not be run: {text}', { text: fault.text })), ...record };
  }
}
