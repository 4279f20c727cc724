import type { Call, SettleParams } from './call.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { decide, isRuled, preludeOf, stages, type Answer, type Decision } from './decide.ts';
import type { StepRow } from './row.ts';
import type { FactSource, Snapshot } from './snapshot.ts';

/** The tables of a store that needn't wait for them, within a transaction. */
export interface LedgerTables {
  /** What is known before anything has been asked for. */
  snapshot(calls: readonly Call[]): Snapshot;
  readonly source: FactSource;
  /** Carries the changes out. Returns the steps whose counts they change, as they are then. */
  write(decision: Decision): readonly StepRow[];
}

/** A call of a batch: one that the ledger decides, or one that has no rule about runs and jobs. */
type BatchCall = { readonly name: string; readonly params: object };

/**
 * A batch, in a transaction of the caller, stage by stage. `other` carries out what the ledger has no rule for; it checks everything before it writes, and refuses by a
 * `CodedError`.
 */
export function performBatch<One extends BatchCall>(tables: LedgerTables, calls: readonly One[], other: (call: One) => unknown): readonly Answer[] {
  const now = timeOf(calls);
  return stages(calls).flatMap((stage) => {
    if (stage.every(({ name }) => isRuled(name))) return perform(tables, stage as readonly BatchCall[] as readonly Call[], now);
    return stage.map((call): Answer => {
      try {
        return { ok: true, value: other(call) };
      } catch (error) {
        if (error instanceof CodedError) return { ok: false, error };
        throw error;
      }
    });
  });
}

/** The time of a batch is that of its latest call. */
function timeOf(calls: readonly BatchCall[]): number {
  return calls.reduce((time, { params }) => {
    if ('now' in params) return Math.max(time, Number(params.now));
    return 'outcomes' in params ? (params.outcomes as readonly SettleParams[]).reduce((latest, { endedAt }) => Math.max(latest, endedAt), time) : time;
  }, 0);
}

/**
 * One stage of a batch, in a transaction of the caller: loads, decides, writes, and moves steps and runs on until nothing moves. `now`: when what
 * follows from the calls happens.
 */
export function perform(tables: LedgerTables, calls: readonly Call[], now: number): readonly Answer[] {
  for (;;) {
    const prelude = calls[0] === undefined ? undefined : preludeOf(calls[0]);
    if (prelude !== undefined) carryOut(tables, [prelude], now);
    const { answers, askAgain } = carryOut(tables, calls, now);
    if (!askAgain) return answers;
  }
}

function carryOut(tables: LedgerTables, calls: readonly Call[], now: number): Decision {
  const decision = decided(tables, calls, []);
  let { steps } = decision.effects;
  for (let counted = tables.write(decision); steps.size > 0; ) {
    const moved = decided(tables, [{ name: 'advance', params: { steps, now } }], counted);
    counted = tables.write(moved);
    ({ steps } = moved.effects);
  }
  return decision;
}

function decided(tables: LedgerTables, calls: readonly Call[], counted: readonly StepRow[]): Decision {
  const snapshot = tables.snapshot(calls);
  for (const step of counted) snapshot.set('step', step.id, step);
  for (;;) {
    const decision = decide(calls, snapshot);
    if (!('missing' in decision)) return decision;
    snapshot.load(decision.missing, tables.source);
  }
}
