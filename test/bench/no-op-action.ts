import type { Action, ActionContext, ActionResult } from '../../daemon/actions/action.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';

const done: ActionResult = { ok: true, output: null };

/** Does nothing, under the name of an action that workflows may use. */
export class NoOpAction implements Action {
  readonly definition = { name: 'webhook/send', summary: 'Does nothing.', input: {}, output: {} };
  executed = 0;
  onStart: (() => void) | undefined;

  async execute(_input: JsonObject, _context: ActionContext): Promise<ActionResult> {
    this.executed++;
    this.onStart?.();
    return done;
  }

  async stop(): Promise<void> {}
}
