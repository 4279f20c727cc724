import { message } from '../../schemas/wording/message.ts';
import { waitFor, type WaitForInput } from '../../schemas/workflow/actions/wait-for.ts';
import { parseDuration } from '../../schemas/workflow/duration.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { type Action, type ActionContext, type ActionResult, inputValidator, invalidInput } from './action.ts';

const validate = inputValidator<WaitForInput>(waitFor);

/** `wait/for`: says until when; the store ends the wait. */
export class WaitForAction implements Action {
  readonly definition = waitFor;

  async execute(input: JsonObject, { now }: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const duration = parseDuration(valid.input.duration);
    if (!duration.ok) return invalidInput('invalid input', message('{action}: {problem}', { action: 'wait/for: with/duration', problem: duration.message }));
    return { ok: true, output: {}, wait: { for: 'time', until: now + duration.ms } };
  }

  async stop(): Promise<void> {}
}
