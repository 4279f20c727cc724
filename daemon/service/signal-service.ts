import type { Clock } from '../core/clock.ts';
import { analyseKept } from '../core/kept-workflows.ts';
import type { Engine } from '../engine/engine.ts';
import { declaredSignal } from '../ledger/expected-signals.ts';
import type { SignalLinkView } from '../ledger/signal-link.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import { maxSignalWaits } from '../../schemas/protocol/signal.ts';
import { english } from '../../schemas/wording/language.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Masker } from '../secrets/masker.ts';
import { tokenHash } from '../secrets/signal-link.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { Store } from '../store/store.ts';
import type { SignalLinks } from '../triggers/signal-door.ts';
import { runNumber } from './param-values.ts';
import { ValueCheck } from './value-check.ts';

/** Who has answered, if nobody says so. */
const somebody = 'somebody';
/** Waits that are remembered as told to a person. */
const maxNoticed = 10 * maxSignalWaits;
/** Problems that a message names. */
const maxNamed = 5;

export interface SignalServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly masker: () => Masker;
}

/** Answers to runs, and what waits for them. */
export class SignalService implements Pick<Handlers, 'signal/send' | 'signal/list' | 'signal/notice'>, SignalLinks {
  readonly #options: SignalServiceOptions;
  /** Waits of which a client tells a person, the latest last. */
  readonly #noticed = new Set<string>();

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

  'signal/notice': Handlers['signal/notice'] = async ({ waits }) => {
    const jobs = waits.flatMap(({ job, since }) => {
      const wait = `${job} ${since}`;
      if (this.#noticed.has(wait)) return [];
      this.#noticed.add(wait);
      return [job];
    });
    for (const oldest of this.#noticed) {
      if (this.#noticed.size <= maxNoticed) break;
      this.#noticed.delete(oldest);
    }
    return { jobs };
  };

  look(token: string): Promise<SignalLinkView | undefined> {
    const { store, clock } = this.#options;
    return store.signalLink({ hash: tokenHash(token), now: clock.now() });
  }

  async answer(token: string, { runId, signal: name, job, payload: properties }: SignalLinkView, payload: Json): Promise<void> {
    const { engine, store, clock, masker } = this.#options;
    engine.assertAcceptingWork();
    const value = masker().json(payload);
    refuseMisfit(name, properties, value);
    await store.signal({ runId, name, payload: JSON.stringify(value), by: `the link of ${job}`, link: tokenHash(token), now: clock.now() });
  }

  /** An answer has to fit what is waited for or, if it comes early, what is going to be. Defaults are filled in. @throws CodedError `invalid-inputs` */
  async #check(runId: number, name: string, payload: Json): Promise<void> {
    const waits = await this.#options.store.signalWaits({ runId, name, limit: 1 });
    const properties = waits.length > 0 ? waits[0]?.payload : await this.#declared(runId, name);
    refuseMisfit(name, isJsonObject(properties) ? properties : undefined, payload);
  }

  /** What a step of the run declares that waits for that name, if both stand in the workflow as they are. */
  async #declared(runId: number, name: string): Promise<JsonObject | undefined> {
    const { store } = this.#options;
    const run = await store.getRun({ runId });
    const kept = run && (await store.workflowVersion({ version: run.version }));
    const { workflow } = kept === undefined ? { workflow: undefined } : analyseKept(kept);
    return workflow && declaredSignal(workflow, name)?.payload;
  }
}

/** Checks of answers that are kept compiled. */
const maxKept = 100;
const checks = new Map<string, ValueCheck>();

function checkOf(declared: JsonObject): ValueCheck {
  const key = JSON.stringify(declared);
  const check = checks.get(key) ?? new ValueCheck({ type: 'object', properties: declared, required: Object.keys(declared), additionalProperties: false }, { useDefaults: true });
  // The one that was used least recently goes first.
  checks.delete(key);
  checks.set(key, check);
  const [oldest] = checks.keys();
  if (checks.size > maxKept && oldest !== undefined) checks.delete(oldest);
  return check;
}

function refuseMisfit(name: string, declared: JsonObject | undefined, payload: Json): void {
  if (declared === undefined) return;
  if (payload === null && Object.keys(declared).length > 0) throw new CodedError('invalid-inputs', message("'{name}' asks for a payload, and the answer has none. It takes {names}.", { name, names: Object.keys(declared).join(', ') }));
  const problems = checkOf(declared).problems(payload, { what: 'the answer' });
  if (problems.length === 0) return;
  const names = Object.keys(declared).join(', ');
  throw new CodedError('invalid-inputs', sentences(message("The answer doesn't fit what '{name}' asks for.", { name }), ...problems.slice(0, maxNamed), message('It takes {names}.', { names })), { problems: problems.slice(0, maxNamed).map(english.textOf) });
}
