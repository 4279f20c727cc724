import { message, type Message } from '../../../schemas/wording/message.ts';
import { scriptDefaults } from '../../../schemas/workflow/actions/transform-script.ts';
import { parseDuration } from '../../../schemas/workflow/duration.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { abortedAttempt, type ActionContext, type ActionFailure, type ActionResult, attemptError, type FailureDetails, invalidInput } from '../action.ts';
import { codePlace } from '../code-place.ts';
import type { Sandbox } from './sandbox.ts';
import type { SandboxFault, SandboxTask } from './sandbox-task.ts';

export interface Code extends Pick<SandboxTask, 'language' | 'code'> {
  readonly action: string;
  /** What the code is called with: a JSON object. */
  readonly argument: Json;
  /** `time-limit` of `with`. */
  readonly limit: string | undefined;
}

export interface CodeFailure {
  readonly fault: SandboxFault;
  readonly limitMs: number;
  /** Where a line of the code is, for a person; undefined if nobody can tell. */
  readonly place: (line: number | undefined) => Message | undefined;
}

/** One attempt of a step whose code runs in the sandbox. `failure`: what is said of code that fails. */
export async function runCode(sandbox: Sandbox, { action, language, code, argument, limit }: Code, context: ActionContext, failure: (failed: CodeFailure, record: FailureDetails) => ActionFailure): Promise<ActionResult> {
  const duration = limit === undefined ? { ok: true as const, ms: scriptDefaults.limitMs } : parseDuration(limit);
  if (!duration.ok) return invalidInput('invalid input', message('{action}: {problem}', { action: `${action}: with/time-limit`, problem: duration.message }));
  const limitMs = Math.min(Math.max(1, duration.ms), scriptDefaults.maxLimitMs);
  const ending = await sandbox.run({ language, code, nowMs: context.now, seed: seedOf(context.idempotencyKey), limitMs }, JSON.stringify(argument), context.signal);
  switch (ending.kind) {
    case 'aborted':
      return abortedAttempt(context.signal);
    case 'lost':
      return { ok: false, error: attemptError('internal', 'sandbox lost', message('The process that runs scripts ended before it had a result: {why}.', { why: ending.why })), machine: 'resources' };
    case 'overdue':
      return { ok: false, error: attemptError('timeout', 'code too slow', message("The code was stopped: it didn't end in time, and could not be interrupted. Its limit is {limit} ms of processor time.", { limit: String(limitMs) })) };
    case 'reply': {
      const { reply, bytes } = ending;
      const record = reply.log.length === 0 ? {} : { response: { log: reply.log } };
      return reply.ok ? { ok: true, output: JSON.parse(bytes.toString()) as Json, ...record } : failure({ fault: reply.fault, limitMs, place: (line) => codePlace(code, line, context) }, record);
    }
  }
}

/** As a sentence ends. */
export function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** FNV-1a. */
function seedOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const character of key) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
