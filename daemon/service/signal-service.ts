import formats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Clock } from '../core/clock.ts';
import { analyseKept } from '../core/kept-workflows.ts';
import type { Engine } from '../engine/engine.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import { maxSignalWaits } from '../../schemas/protocol/signal.ts';
import { message } from '../../schemas/wording/message.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { Store } from '../store/store.ts';
import { runNumber } from './known-names.ts';

/** Who has answered, if nobody says so. */
const somebody = 'somebody';

export interface SignalServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly masker: () => Masker;
}

/** Answers to runs, and what waits for them. */
export class SignalService implements Pick<Handlers, 'signal/send' | 'signal/list'> {
  readonly #options: SignalServiceOptions;

  constructor(options: SignalServiceOptions) {
    this.#options = options;
  }

  'signal/send': Handlers['signal/send'] = async ({ run, name, payload = null, by = somebody }) => {
    const { engine, store, clock, masker } = this.#options;
    engine.assertAcceptingWork();
    const runId = runNumber(run);
    const value = masker().json(payload as Json);
    await this.#check(runId, name, value);
    const now = clock.now();
    const { ended } = await store.signal({ runId, name, payload: JSON.stringify(value), by: masker().text(by), now });
    return { run, name, by, at: new Date(now).toISOString(), ended: ended.slice(0, maxSignalWaits).map(formatJobId) };
  };

  'signal/list': Handlers['signal/list'] = async ({ run }) => ({
    waits: [...(await this.#options.store.signalWaits({ ...(run === undefined ? {} : { runId: runNumber(run) }), limit: maxSignalWaits }))],
  });

  /** An answer has to fit what is waited for or, if it comes early, what is going to be. Defaults are filled in. @throws CodedError `invalid-inputs` */
  async #check(runId: number, name: string, payload: Json): Promise<void> {
    const waits = await this.#options.store.signalWaits({ runId, name, limit: 1 });
    const properties = waits.length > 0 ? waits[0]?.payload : await this.#declared(runId, name);
    if (!isJsonObject(properties)) return;
    const ajv = new Ajv2020({ allErrors: true, strict: false, useDefaults: true });
    formats.default(ajv);
    const declared = properties;
    const schema = { type: 'object', properties: declared, required: Object.keys(declared), additionalProperties: false };
    if (ajv.validate(schema, payload)) return;
    const problems = (ajv.errors ?? []).slice(0, 5).map(({ instancePath, message = '' }) => `${instancePath.slice(1).replaceAll('/', '.') || 'it'} ${message}`);
    throw new CodedError('invalid-inputs', message("The answer doesn't fit what '{name}' asks for: {problems}. It takes {names}.", { name, problems: problems.join('; '), names: Object.keys(declared).join(', ') }), { problems });
  }

  /** What a step of the run declares that waits for that name, if both stand in the workflow as they are. */
  async #declared(runId: number, name: string): Promise<unknown> {
    const { store } = this.#options;
    const run = await store.getRun({ runId });
    const kept = run && (await store.workflowVersion({ version: run.version }));
    const { workflow } = kept === undefined ? { workflow: undefined } : analyseKept(kept);
    for (const { uses, with: input } of Object.values({ ...workflow?.steps, ...workflow?.onFailure })) {
      if (uses === 'wait/signal' && input.kind === 'literal' && isJsonObject(input.value) && input.value['name'] === name) return input.value['payload'];
    }
    return undefined;
  }
}
