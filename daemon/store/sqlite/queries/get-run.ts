import type { RunDetail, StepView } from '../../../../schemas/protocol/run.ts';
import type { JobError } from '../../../../schemas/protocol/shape.ts';
import type { Database } from '../database.ts';
import type { StepRow } from '../../../ledger/row.ts';
import { findRun } from './list-runs.ts';
import { countsOf, iso, parsedJson, runSummary } from './view.ts';

/** Inputs that are shown, in characters of JSON. */
const shownInputs = 65_536;

export function getRun(db: Database, { runId }: { readonly runId: number }): RunDetail | undefined {
  const run = findRun(db, runId);
  if (run === undefined) return undefined;
  const size = Number(db.sql('SELECT length(inputs) AS size FROM runs WHERE id = ?').get(runId)?.['size']);
  const inputs = size > shownInputs ? null : parsedJson(String(db.sql('SELECT inputs FROM runs WHERE id = ?').get(runId)?.['inputs']));
  const steps = db
    .sql('SELECT s.*, q.name AS queue FROM steps s JOIN queues q ON q.id = s.queue_id WHERE s.run_id = ? ORDER BY s.position')
    .all(runId) as unknown as (StepRow & { readonly queue: string })[];
  return { ...runSummary(run), inputs, inputBytes: size, steps: steps.map(stepView) };
}

function stepView(row: StepRow & { readonly queue: string }): StepView {
  return {
    id: row.name,
    state: row.state,
    onFailure: row.on_failure === 1,
    queue: row.queue,
    uses: row.uses,
    foreach: row.is_foreach === 1,
    expanded: row.expanded === 1,
    duplicates: row.duplicates,
    warnings: row.warnings,
    ...(row.started_at === null ? {} : { startedAt: iso(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as JobError }),
    jobs: countsOf(row),
  };
}
