import type { Call } from './call.ts';
import { decide, preludeOf, type Answer, type Decision } from './decide.ts';
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
