import type { SignalLinkRow, SignalRow } from '../../../ledger/row.ts';
import { signalLinkView, type SignalLinkView } from '../../../ledger/signal-link.ts';
import { signalWaitView, type SignalWaitRow } from '../../../ledger/view.ts';
import type { KeptWorkflows } from '../../../core/kept-workflows.ts';
import type { SignalWait } from '../../../../schemas/protocol/signal.ts';
import type { SignalLinkParams, SignalWaitsParams } from '../../store.ts';
import type { Database } from '../database.ts';
import { findRun, understood } from './runs.ts';

/** Waits that are looked at to tell until when a link holds: those of one name wait equally long, as a rule. */
const maxLooked = 100;

/** Along the jobs that wait, or along those of one run. */
export function signalWaits(db: Database, { runId, name, limit }: SignalWaitsParams): readonly SignalWait[] {
  const conditions = ["j.state = 'waiting'", "w.kind = 'signal'", ...(runId === undefined ? [] : ['w.run_id = ?']), ...(name === undefined ? [] : ['w.name = ?'])];
  const rows = db
    .sql(
      `SELECT j.id, j.due_at, j.started_at, j.created_at, j.item_key, w.run_id, w.name, r.workflow, s.name AS step, p.payload
       FROM ${runId === undefined ? 'jobs j INDEXED BY jobs_waiting CROSS JOIN waits w ON w.job_id = j.id' : 'waits w CROSS JOIN jobs j ON j.id = w.job_id'}
       JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = w.run_id JOIN payloads p ON p.job_id = j.id
       WHERE ${conditions.join(' AND ')} ORDER BY j.id LIMIT ?`,
    )
    .all(...(runId === undefined ? [] : [runId]), ...(name === undefined ? [] : [name]), limit);
  return (rows as unknown as SignalWaitRow[]).map(signalWaitView);
}

/** By the hash of its token. */
export function signalLinkOf(db: Database, hash: string): SignalLinkRow | undefined {
  return db.sql('SELECT * FROM signal_links WHERE hash = ?').get(hash) as SignalLinkRow | undefined;
}

export function signalLink(db: Database, { hash, now }: SignalLinkParams, workflows: KeptWorkflows): SignalLinkView | undefined {
  const link = signalLinkOf(db, hash);
  const facts = link && findRun(db, link.run_id);
  if (link === undefined || facts === undefined) return undefined;
  const { run_id: runId, name } = link;
  const answer = db.sql('SELECT * FROM signals WHERE run_id = ? AND name = ?').get(runId, name) as SignalRow | undefined;
  return signalLinkView({ link, facts, workflow: understood(db, facts.run.version, workflows), answer, waits: signalWaits(db, { runId, name, limit: maxLooked }) }, now);
}
