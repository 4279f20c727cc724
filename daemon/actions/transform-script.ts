import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import { transformScript, type TransformScriptInput } from '../../schemas/workflow/actions/transform-script.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { type Action, type ActionContext, type ActionFailure, type ActionResult, type FailureDetails, attemptError, inputValidator, invalidInput } from './action.ts';
import { ended, runCode, type CodeFailure } from './sandbox/run-code.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { maxResultBytes } from './sandbox/sandbox-task.ts';

const validate = inputValidator<TransformScriptInput>(transformScript);

/** `transform/script`: code of people, run in the sandbox, which is shared and stopped by its owner. */
export class TransformScriptAction implements Action {
  readonly definition = transformScript;
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const { script, input: argument = {}, 'time-limit': limit } = valid.input;
    return runCode(this.#sandbox, { action: 'transform/script', language: 'script', code: script, argument, limit }, context, failure);
  }

  async stop(): Promise<void> {}
}

function failure({ fault, limitMs, place }: CodeFailure, record: FailureDetails): ActionFailure {
  const invalid = (cause: string, ...texts: readonly (Message | undefined)[]): ActionFailure => invalidInput(cause, sentences(...texts), record);
  switch (fault.kind) {
    case 'syntax':
      return invalid('script not valid', message('The script is not valid JavaScript: {text}.', { text: fault.text }), place(fault.line));
    case 'thrown':
      return invalid(/^\w*Error(?=:)/.test(fault.text) ? `script failed: ${fault.text.slice(0, fault.text.indexOf(':'))}` : 'script failed', message('The script failed: {text}', { text: ended(fault.text) }), place(fault.line));
    case 'no-function':
      return invalid('script not valid', message('The script has no function as its default export: write {code}.', { code: 'export default ({ item }) => …' }));
    case 'time':
      return invalid('script too slow', message('The script was stopped, because it had used up its {limit} ms of processor time.', { limit: String(limitMs) }), place(fault.line));
    case 'memory':
      return invalid('script out of memory', message('The script was stopped, because it needs more than its 64 MiB of memory.'), place(fault.line));
    case 'depth':
      return invalid('script too deep', message('The script was stopped, because its calls, or the values that it makes, are nested too deeply.'), place(fault.line));
    case 'never-settles':
      return invalid('script never ends', message('The script waits for a promise that nothing can settle: there are no timers, and there is no I/O.'));
    case 'not-json':
      return invalid('result is not JSON', notJson(fault.what, fault.path));
    case 'too-large':
      return invalid('result too large', message('The result of the script has {bytes} bytes of JSON; {max} is the most.', { bytes: String(fault.bytes), max: String(maxResultBytes) }));
    case 'broken':
      return { ok: false, error: attemptError('internal', 'sandbox failed', message('The script could not be run: {text}', { text: fault.text })), ...record };
  }
}

function notJson(what: string, path: string): Message {
  if (what === 'undefined' && path === 'output') return message('The script returned nothing: its function needs a `return`, or an expression behind `=>`.');
  if (what === 'itself') return message("The result of the script can't be JSON: {path} is a value that it is part of.", { path });
  if (what === 'a Map') return message("The result of the script can't be JSON: {path} is a Map. Write {code}.", { path, code: 'Object.fromEntries(map)' });
  if (what === 'a Set') return message("The result of the script can't be JSON: {path} is a Set. Write {code}.", { path, code: '[...set]' });
  return message("The result of the script can't be JSON: {path} is {what}.", { path, what });
}
