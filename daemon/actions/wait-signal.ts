import { message } from '../../schemas/wording/message.ts';
import { waitSignal, type WaitSignalInput } from '../../schemas/workflow/actions/wait-signal.ts';
import { parseDuration } from '../../schemas/workflow/duration.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { type Action, type ActionContext, type ActionResult, inputValidator, invalidInput } from './action.ts';

const validate = inputValidator<WaitSignalInput>(waitSignal);

/** `wait/signal`: says what is waited for, and until when; the store ends the wait. */
export class WaitSignalAction implements Action {
  readonly definition = waitSignal;

  async execute(input: JsonObject, { now }: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const { name, timeout, 'on-timeout': onTimeout = 'fail' } = valid.input;
    const wait = { for: 'signal', name, onTimeout } as const;
    if (timeout === undefined) return { ok: true, output: {}, wait };
    const duration = parseDuration(timeout);
    if (!duration.ok) return invalidInput('invalid input', message('{action}: {problem}', { action: 'wait/signal: with/timeout', problem: duration.message }));
    return { ok: true, output: {}, wait: { ...wait, until: now + duration.ms } };
  }

  async stop(): Promise<void> {}
}
