import type { Call, SettleParams } from './call.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { decide, isRuled, preludeOf, stages, type Answer, type Decision } from './decide.ts';
import type { StepRow } from './row.ts';
import type { Ask, FactSource, Snapshot } from './snapshot.ts';

/** The tables of a store that needn't wait for them, within a transaction. */
export interface LedgerTables {
  /** What is known before anything has been asked for. */
  snapshot(calls: readonly Call[]): Snapshot;
  readonly source: FactSource;
  /** Carries the changes out. Returns the steps whose counts they change, as they are then. */
  write(decision: Decision): readonly StepRow[];
}

/** The tables of a store that has to wait for them, within a transaction. */
export interface AwaitedTables {
  /** As of `LedgerTables`. */
  snapshot(calls: readonly Call[]): Snapshot;
  /** Puts what is asked for into the snapshot. */
  load(asks: readonly Ask[], snapshot: Snapshot): Promise<void>;
  /** As of `LedgerTables`. */
  write(decision: Decision): Promise<readonly StepRow[]>;
}

/** A call of a batch: one that the ledger decides, or one that has no rule about runs and jobs. */
type BatchCall = { readonly name: string; readonly params: object };

/**
 * A batch, in a transaction of the caller, stage by stage. `other` carries out what the ledger has no rule for; it checks everything before it writes, and refuses by a
 * `CodedError`.
 */
export function performBatch<One extends BatchCall>(tables: LedgerTables, calls: readonly One[], other: (call: One) => unknown): readonly Answer[] {
  return now(batch(stepsOver(tables), calls, other));
}

/** The same for a store that has to wait. */
export function performBatchAwaited<One extends BatchCall>(tables: AwaitedTables, calls: readonly One[], other: (call: One) => Promise<unknown>): Promise<readonly Answer[]> {
  return awaited(batch(tables, calls, other));
}

/**
 * One stage of a batch, in a transaction of the caller: loads, decides, writes, and moves steps and runs on until nothing moves; again for calls that were put off. `at`: when
 * what follows from the calls happens.
 */
export function perform(tables: LedgerTables, calls: readonly Call[], at: number): readonly Answer[] {
  return now(stage(stepsOver(tables), calls, at));
}

/** The same for a store that has to wait. */
export function performAwaited(tables: AwaitedTables, calls: readonly Call[], at: number): Promise<readonly Answer[]> {
  return awaited(stage(tables, calls, at));
}

/**
 * What is done, in order, whether a store has to wait or not: each step over the tables is handed out, and its value comes back, at once or later. So the order of
 * loading, deciding and writing is written once.
 */
type Work<Value> = Generator<unknown, Value, unknown>;

interface Steps {
  snapshot(calls: readonly Call[]): Snapshot;
  load(asks: readonly Ask[], snapshot: Snapshot): void | Promise<void>;
  write(decision: Decision): readonly StepRow[] | Promise<readonly StepRow[]>;
}

function stepsOver(tables: LedgerTables): Steps {
  return { snapshot: (calls) => tables.snapshot(calls), load: (asks, snapshot) => snapshot.load(asks, tables.source), write: (decision) => tables.write(decision) };
}

function* got<Value>(value: Value | Promise<Value>): Work<Value> {
  return (yield value) as Value;
}

function now<Value>(work: Work<Value>): Value {
  for (let given: unknown; ; ) {
    const step = work.next(given);
    if (step.done === true) return step.value;
    given = step.value;
  }
}

async function awaited<Value>(work: Work<Value>): Promise<Value> {
  let step = work.next();
  while (step.done !== true) {
    try {
      step = work.next(await step.value);
    } catch (error) {
      step = work.throw(error);
    }
  }
  return step.value;
}

function* batch<One extends BatchCall>(tables: Steps, calls: readonly One[], other: (call: One) => unknown): Work<readonly Answer[]> {
  const at = timeOf(calls);
  const answers: Answer[] = [];
  for (const some of stages(calls)) {
    if (some.every(({ name }) => isRuled(name))) answers.push(...(yield* stage(tables, some as readonly BatchCall[] as readonly Call[], at)));
    else for (const call of some) answers.push(yield* answerOf(call, other));
  }
  return answers;
}

function* answerOf<One extends BatchCall>(call: One, other: (call: One) => unknown): Work<Answer> {
  try {
    return { ok: true, value: yield* got(other(call)) };
  } catch (error) {
    if (error instanceof CodedError) return { ok: false, error };
    throw error;
  }
}

/** The time of a batch is that of its latest call. */
function timeOf(calls: readonly BatchCall[]): number {
  return calls.reduce((time, { params }) => {
    if ('now' in params) return Math.max(time, Number(params.now));
    return 'outcomes' in params ? (params.outcomes as readonly SettleParams[]).reduce((latest, { endedAt }) => Math.max(latest, endedAt), time) : time;
  }, 0);
}

function* stage(tables: Steps, calls: readonly Call[], at: number): Work<readonly Answer[]> {
  const answered: Answer[] = [];
  do {
    const left = calls.slice(answered.length);
    const prelude = left[0] === undefined ? undefined : preludeOf(left[0]);
    if (prelude !== undefined) yield* carryOut(tables, [prelude], at);
    const { answers, askAgain } = yield* carryOut(tables, left, at);
    if (!askAgain) answered.push(...answers);
  } while (answered.length < calls.length);
  return answered;
}

function* carryOut(tables: Steps, calls: readonly Call[], at: number): Work<Decision> {
  const decision = yield* decided(tables, calls, []);
  let { steps } = decision.effects;
  for (let counted = yield* got(tables.write(decision)); steps.size > 0; ) {
    const moved = yield* decided(tables, [{ name: 'advance', params: { steps, now: at } }], counted);
    counted = yield* got(tables.write(moved));
    ({ steps } = moved.effects);
  }
  return decision;
}

function* decided(tables: Steps, calls: readonly Call[], counted: readonly StepRow[]): Work<Decision> {
  const snapshot = tables.snapshot(calls);
  for (const step of counted) snapshot.set('step', step.id, step);
  for (;;) {
    const decision = decide(calls, snapshot);
    if (!('missing' in decision)) return decision;
    yield* got(tables.load(decision.missing, snapshot));
  }
}
