import { decide, type Decision } from '../../daemon/ledger/decide.ts';
import type { Call } from '../../daemon/ledger/call.ts';
import type { LedgerJob, RunRow, StepRow } from '../../daemon/ledger/row.ts';
import { Snapshot, type Ask, type FactKind, type FactKinds } from '../../daemon/ledger/snapshot.ts';
import { analyseWorkflow } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { english } from '../../schemas/wording/language.ts';

/** Facts by kind and key, as a test writes them down. */
export type Facts = { readonly [Kind in FactKind]?: Readonly<Record<number | string, FactKinds[Kind][1]>> };

/** Kinds of which the others are not there, instead of not known. */
const absent: readonly FactKind[] = ['job', 'step', 'run', 'draft', 'cascade', 'fanOut', 'knownQueue', 'nextDue'];
const none: readonly FactKind[] = ['attempts', 'revisions', 'activeJobs', 'due', 'overdue', 'paced', 'activeOf', 'cascading'];

export function aJob(values: Partial<LedgerJob> = {}): LedgerJob {
  return {
    id: 1, step_id: 1, queue_id: 1, state: 'pending', due_at: 1000, pace: null, item_index: null, revision: 1, round: 1, attempt: 0, tries: 0, throttles: 0, crashes: 0, cancel_cause: null,
    started_at: null, last_revision: null, ...values,
  };
}

export function aStep(values: Partial<StepRow> = {}): StepRow {
  return {
    id: 1, run_id: 1, position: 0, name: 'a', on_failure: 0, state: 'running', queue_id: 1, uses: 'test/scripted', is_foreach: 0, total: 1, succeeded: 0, dead: 0, cancelled: 0, discarded: 0, expanded: 1,
    cursor: 0, duplicates: 0, warnings: 0, item_limit: null, file: null, file_format: null, pages: null, cascade: null, started_at: 1000, ended_at: null, error: null, ...values,
  };
}

export function aRun(values: Partial<RunRow> = {}): RunRow {
  return { id: 1, workflow: 'test', version: 'v', state: 'running', created_at: 1000, ended_at: null, cancel_requested: 0, on_failure_state: 'waiting', error: null, trigger_kind: 'manual', triggered_by: null, parent_job: null, parent_run: null, depth: 0, concurrency_key: null, gate: null, ...values };
}

export function aWorkflow(text: string): Workflow {
  const { workflow, diagnostics } = analyseWorkflow({ text, id: 'test', actions: 'any' });
  if (workflow === undefined) throw new Error(english.paragraphOf(diagnostics.map(({ message }) => message)));
  return workflow;
}

/** A decision, with each round of facts that were asked for before. */
export interface Decided extends Decision {
  readonly rounds: readonly (readonly Ask[])[];
}

/** Decides over facts that are loaded as they are asked for. */
export function decided(calls: readonly Call[], facts: Facts): Decided {
  const snapshot = new Snapshot({ env: {}, ids: { runs: { next: 100, end: 200 }, steps: { next: 100, end: 200 }, jobs: { next: 100, end: 10_000 } } });
  const rounds: (readonly Ask[])[] = [];
  for (;;) {
    const decision = decide(calls, snapshot);
    if (!('missing' in decision)) return { ...decision, rounds };
    rounds.push(decision.missing);
    for (const { kind, key, limit = 0 } of decision.missing) snapshot.set(kind, key, factOf(facts, kind, key) as never, limit);
  }
}

function factOf(facts: Facts, kind: FactKind, key: number | string): unknown {
  const known = facts[kind];
  if (known !== undefined && Object.hasOwn(known, key)) return (known as Readonly<Record<number | string, unknown>>)[key];
  if (absent.includes(kind)) return undefined;
  if (none.includes(kind)) return [];
  throw new Error(`the test has no ${kind} ${key}`);
}
