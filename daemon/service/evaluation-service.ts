import { CodedError } from '../../schemas/protocol/error.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { runNumber } from './run-service.ts';

/** Longest value that is handed over whole, in characters of JSON. */
const maxValue = 262_144;
/** So much of a longer one is shown. */
const shownOfLonger = 4_096;

/** Answers what an expression gives in a run, for people who look at it. */
export class EvaluationService implements Pick<Handlers, 'run/evaluate'> {
  readonly #store: Store;
  readonly #env: () => Readonly<Record<string, string>>;
  readonly #masker: () => Masker;

  constructor(options: { readonly store: Store; readonly env: () => Readonly<Record<string, string>>; readonly masker: () => Masker }) {
    this.#store = options.store;
    this.#env = options.env;
    this.#masker = options.masker;
  }

  'run/evaluate': Handlers['run/evaluate'] = async ({ id, expression, step, index }) => {
    const result = await this.#store.evaluate({
      runId: runNumber(id),
      expression,
      env: this.#env(),
      ...(step === undefined ? {} : { step }),
      ...(index === undefined ? {} : { index }),
    });
    if (result === undefined) throw new CodedError('not-found', `There is no run ${id}.`);
    if (result.ok) return answer(this.#masker().json(result.value));
    const { kind, message, range } = result.error;
    return { error: { kind, message: this.#masker().text(message), ...range } };
  };
}

function answer(value: Json): { value: Json } | { size: number; preview: string } {
  const text = JSON.stringify(value);
  return text.length <= maxValue ? { value } : { size: text.length, preview: text.slice(0, shownOfLonger) };
}
