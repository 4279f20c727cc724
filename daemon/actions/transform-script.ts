import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import { scriptDefaults, transformScript, type TransformScriptInput } from '../../schemas/workflow/actions/transform-script.ts';
import { parseDuration } from '../../schemas/workflow/duration.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { abortedAttempt, attemptError, type Action, type ActionContext, type ActionFailure, type ActionResult, inputValidator, invalidInput } from './action.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { maxResultBytes, type SandboxFault } from './sandbox/sandbox-task.ts';

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
    const duration = limit === undefined ? { ok: true as const, ms: scriptDefaults.limitMs } : parseDuration(limit);
    if (!duration.ok) return invalidInput('invalid input', message('{action}: {problem}', { action: 'transform/script: with/time-limit', problem: duration.message }));
    const limitMs = Math.min(Math.max(1, duration.ms), scriptDefaults.maxLimitMs);
    const ending = await this.#sandbox.run({ language: 'script', code: script, nowMs: context.now, seed: seedOf(context.idempotencyKey), limitMs }, JSON.stringify(argument), context.signal);
    switch (ending.kind) {
      case 'aborted':
        return abortedAttempt(context.signal);
      case 'lost':
        return { ok: false, error: attemptError('internal', 'sandbox lost', message('The process that runs scripts ended before it had a result: {why}.', { why: ending.why })), machine: 'resources' };
      case 'overdue':
        return { ok: false, error: attemptError('timeout', 'script too slow', message("The script was stopped: it didn't end in time, and could not be interrupted. Its limit is {limit} ms of processor time.", { limit: String(limitMs) })) };
      case 'reply': {
        const { reply, json } = ending;
        const record = reply.log.length === 0 ? {} : { response: { log: reply.log } };
        return reply.ok ? { ok: true, output: JSON.parse(json) as Json, ...record } : failure(reply.fault, { limitMs, place: placer(script, context) }, record);
      }
    }
  }

  async stop(): Promise<void> {}
}

/** Where a line of the code is, for a person; undefined if nobody can tell. */
type Placer = (line: number | undefined) => Message | undefined;

function failure(fault: SandboxFault, { limitMs, place }: { readonly limitMs: number; readonly place: Placer }, record: { readonly response?: Json }): ActionFailure {
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

/** As a sentence ends. */
function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function notJson(what: string, path: string): Message {
  if (what === 'undefined' && path === 'output') return message('The script returned nothing: its function needs a `return`, or an expression behind `=>`.');
  if (what === 'itself') return message("The result of the script can't be JSON: {path} is a value that it is part of.", { path });
  if (what === 'a Map') return message("The result of the script can't be JSON: {path} is a Map. Write {code}.", { path, code: 'Object.fromEntries(map)' });
  if (what === 'a Set') return message("The result of the script can't be JSON: {path} is a Set. Write {code}.", { path, code: '[...set]' });
  return message("The result of the script can't be JSON: {path} is {what}.", { path, what });
}

function placer(script: string, { code }: ActionContext): Placer {
  return (line) => {
    if (line === undefined) return undefined;
    // An edited payload has lines of its own.
    return code?.text === script ? message("See line {line} of the workflow's file.", { line: String(code.line + line - 1) }) : message('See line {line} of the script.', { line: String(line) });
  };
}

/** FNV-1a. */
function seedOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const character of key) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
