import { message } from '../../schemas/wording/message.ts';
import { attemptError, type Action, type ActionContext, type ActionResult, type AttemptError } from '../../daemon/actions/action.ts';
import type { Clock } from '../../daemon/core/clock.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';

/** One attempt, as the action saw it. */
export interface SeenAttempt {
  readonly input: JsonObject;
  readonly key: string;
  readonly at: number;
  readonly progress: Json | undefined;
  readonly round: number;
}

/**
 * An action whose input says how its attempts go. `do` is one word, or a list with one for each attempt of that key, the
 * last for all that follow: `ok`, `throw`, `hang` (ends when it is aborted), `deaf` (ends at `endDeaf`, whatever it is told),
 * `confirmed` (hangs as well, though its effect stands), `body` (gives `output` as the large body of an answer), `slow:30` (seconds of the clock), `large:40` (asks for room for that many megabytes, then is deaf), `large-late:40` (as well, but only when it is aborted), `lost:30` (its connection is reset after that long), `cold:0.15` (gets ready for that long, leaves and succeeds), a status (`503`), `429:30` (with `Retry-After` in seconds), `network`, `no-network`, `no-descriptors` (this machine lacks them), `invalid`, `echo`
 * `part` (450, and one more in its progress), `part-on` (as well, and asks for the rest right away), `warn` (succeeds with a warning), `connect` (asks for the connection `esp`, and is invalid without it)
 * and `echo-503` (which repeat the input in all that they give back). Succeeds with `output`, or with its input.
 */
export class ScriptedAction implements Action {
  readonly definition = { name: 'test/scripted', summary: 'Does what its input says.', input: {}, output: {} };
  readonly seen: SeenAttempt[] = [];
  /** When attempts left, in monotonic time. */
  readonly departures: number[] = [];
  /** Attempts under way, by key; an attempt that is deaf stays here. */
  alive = new Map<string, number>();
  mostAlive = 0;
  /** Keys of which two attempts were under way at once. */
  readonly twice = new Set<string>();
  /** Resolve when a large body has been worked on, which is done in a real process. */
  readonly encoding: Promise<unknown>[] = [];
  readonly #clock: Clock | undefined;
  readonly #counts = new Map<string, number>();
  #deaf: ((result: ActionResult) => void)[] = [];

  constructor(clock?: Clock) {
    this.#clock = clock;
  }

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const { idempotencyKey: key, now: at, progress, round } = context;
    const seen = { input, key, at, progress, round };
    this.seen.push(seen);
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    const script = input['do'] ?? 'ok';
    const words = Array.isArray(script) ? (script as readonly Json[]) : [script];
    const word = words[Math.min(count, words.length - 1)];
    const text = typeof word === 'number' ? String(word) : typeof word === 'string' ? word : 'ok';
    const { alive } = this;
    this.#begin(key);
    try {
      if (text.startsWith('cold:')) await this.#slow(Number(text.slice(5)) * 1000);
      try {
        await context.depart?.();
      } catch {
        // Nothing has left: there was no effect, and the next attempt is the one that the script means.
        this.seen.splice(this.seen.indexOf(seen), 1);
        this.#counts.set(key, (this.#counts.get(key) ?? 1) - 1);
        return await aborted(context.signal);
      }
      this.departures.push(this.#clock?.monotonic() ?? 0);
      return text.startsWith('cold:') ? { ok: true, output: 'cold' } : await this.#play(text, input, context);
    } finally {
      alive.set(key, (alive.get(key) ?? 1) - 1);
    }
  }

  /** How many are deaf just now. */
  get deafs(): number {
    return this.#deaf.length;
  }

  /** All that are deaf end now, with success. */
  endDeaf(): void {
    for (const resolve of this.#deaf.splice(0)) resolve({ ok: true, output: 'late' });
  }

  /** The process has ended, and with it all attempts that were under way. What was seen stays. */
  forget(): void {
    this.alive = new Map();
    this.#deaf = [];
  }

  /** Inputs of attempts, in the order of their starts. */
  get inputs(): JsonObject[] {
    return this.seen.map(({ input }) => input);
  }

  /** The wall times of all starts. */
  get times(): number[] {
    return this.seen.map(({ at }) => at);
  }

  async stop(): Promise<void> {}

  #begin(key: string): void {
    const alive = (this.alive.get(key) ?? 0) + 1;
    this.alive.set(key, alive);
    if (alive > 1) this.twice.add(key);
    this.mostAlive = Math.max(this.mostAlive, [...this.alive.values()].reduce((sum, one) => sum + one, 0));
  }

  async #play(word: string, input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const { signal, progress } = context;
    switch (word) {
      case 'ok':
        return { ok: true, output: input['output'] ?? input };
      case 'throw':
        throw new Error('a bug');
      case 'network':
      case 'invalid':
        return failure({ kind: word, cause: word, message: `The attempt met: ${word}.` });
      case 'no-network':
      case 'no-descriptors': {
        const [cause, machine] = word === 'no-network' ? (['ENETUNREACH', 'network'] as const) : (['EMFILE', 'resources'] as const);
        return { ...failure({ kind: 'network', cause, message: `The machine lacks something: ${cause}.` }), machine };
      }
      case 'echo':
        return { ok: true, output: input, request: input };
      case 'echo-503': {
        const text = JSON.stringify(input);
        return { ...failure({ ...attemptError('status', text.slice(0, 90), message('It answered {text}', { text })), status: 503 }), request: input, response: [text] };
      }
      case 'connect':
        if (context.connection('esp') === undefined) return failure({ kind: 'invalid', cause: 'unknown connection', message: 'There is no connection esp.' });
        return { ok: true, output: input };
      case 'warn':
        return { ok: true, output: input, warning: 'One was left out.' };
      case 'part':
      case 'part-on': {
        const error: AttemptError = { kind: 'status', cause: '450', message: 'It took a part.', status: 450, protocol: 'smtp' };
        return { ok: false, error, progress: Number(progress ?? 0) + 1, ...(word === 'part-on' ? { continues: true } : {}) };
      }
      case 'hang':
        return aborted(signal);
      case 'confirmed':
        await aborted(signal);
        return { ...failure({ kind: 'invalid', cause: 'answer cut short', message: 'It was done.', status: 201 }), effectStands: true };
      case 'body': {
        const bytes = Buffer.from(JSON.stringify(input['output']));
        await context.room(bytes.length);
        const encoding = context.encodeLargeBody({ status: 200 }, { bytes, headers: {}, host: 'receiver.example' });
        this.encoding.push(encoding);
        const { json, warning } = await encoding;
        return { ok: true, output: { status: 200 }, encodedOutput: json, ...(warning === undefined ? {} : { warning }) };
      }
      case 'deaf':
        return new Promise((resolve) => {
          this.#deaf.push(resolve);
        });
      default: {
        const [first = '', seconds = ''] = word.split(':');
        if (first === 'lost') {
          await this.#slow(Number(seconds) * 1000);
          return failure({ kind: 'network', cause: 'ECONNRESET', message: 'The connection was lost.' });
        }
        if (first === 'large' || first === 'large-late') {
          if (first === 'large-late') await aborted(signal);
          await context.room(Number(seconds) * 1_000_000).catch(() => {});
          return new Promise((resolve) => {
            this.#deaf.push(resolve);
          });
        }
        if (first === 'slow') return Promise.race([this.#slow(Number(seconds) * 1000), aborted(signal)]);
        return {
          ...failure({ kind: 'status', cause: first, message: `It answered ${first}.`, status: Number(first) }),
          ...(seconds === '' ? {} : { retryAfterMs: Number(seconds) * 1000 }),
          ...(first === '429' || (first === '503' && seconds !== '') ? { throttled: true } : {}),
        };
      }
    }
  }

  async #slow(ms: number): Promise<ActionResult> {
    await new Promise<void>((resolve) => this.#clock?.setTimer(ms, resolve));
    return { ok: true, output: 'slow' };
  }
}

async function aborted(signal: AbortSignal): Promise<ActionResult> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return failure({ kind: timedOut ? 'timeout' : 'cancelled', cause: 'aborted', message: 'It was aborted.' });
}

function failure(error: AttemptError): ActionResult & { ok: false } {
  return { ok: false, error };
}
