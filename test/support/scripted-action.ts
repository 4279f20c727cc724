import type { Action, ActionContext, ActionResult, AttemptError } from '../../daemon/actions/action.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';

/** One attempt, as the action saw it. */
export interface SeenAttempt {
  readonly input: JsonObject;
  readonly key: string;
  readonly at: number;
}

/**
 * An action whose input says how its attempts go. `do` is one word, or a list with one for each attempt of that key, the
 * last for all that follow: `ok`, `throw`, `hang` (ends when it is aborted), `deaf` (ends never), a status (`503`),
 * `429:30` (with `Retry-After` in seconds), `network`, `invalid`. Succeeds with `output`, or with its input.
 */
export class ScriptedAction implements Action {
  readonly definition = { name: 'test/scripted', summary: 'Does what its input says.', input: {}, output: {} };
  readonly seen: SeenAttempt[] = [];
  readonly #counts = new Map<string, number>();

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const { idempotencyKey: key, now: at, signal } = context;
    this.seen.push({ input, key, at });
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    const script = input['do'] ?? 'ok';
    const words = Array.isArray(script) ? (script as readonly Json[]) : [script];
    const word = String(words[Math.min(count, words.length - 1)]);
    switch (word) {
      case 'ok':
        return { ok: true, output: input['output'] ?? input };
      case 'throw':
        throw new Error('a bug');
      case 'network':
      case 'invalid':
        return failure({ kind: word, cause: word, message: `The attempt met: ${word}.` });
      case 'hang':
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return failure({ kind: (signal.reason as Error).name === 'TimeoutError' ? 'timeout' : 'cancelled', cause: 'aborted', message: 'It was aborted.' });
      case 'deaf':
        return new Promise(() => {});
      default: {
        const [status = '', seconds] = word.split(':');
        return {
          ...failure({ kind: 'status', cause: status, message: `It answered ${status}.`, status: Number(status) }),
          ...(seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1000 }),
          ...(status === '429' ? { throttled: true } : {}),
        };
      }
    }
  }

  async stop(): Promise<void> {}
}

function failure(error: AttemptError): ActionResult & { ok: false } {
  return { ok: false, error };
}
