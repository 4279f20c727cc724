import type { KeptWorkflows } from '../../../core/kept-workflows.ts';
import type { SignalRow } from '../../../ledger/row.ts';
import { signalLinkView, type SignalLinkView } from '../../../ledger/signal-link.ts';
import { signalWaitView, type SignalWaitRow } from '../../../ledger/view.ts';
import type { SignalWait } from '../../../../schemas/protocol/signal.ts';
import type { SignalLinkParams, SignalWaitsParams } from '../../store.ts';
import { runsWithSteps, signalLinkOf } from '../facts/run-facts.ts';
import type { Transaction } from '../transaction.ts';
import { Conditions } from './conditions.ts';
import { workflowVersion } from './runs.ts';

/** Waits that are looked at to tell until when a link holds: those of one name wait equally long, as a rule. */
const maxLooked = 100;

/** Along the jobs that wait, or along those of one run. */
export async function signalWaits(tx: Transaction, { runId, name, limit }: SignalWaitsParams): Promise<readonly SignalWait[]> {
  const where = new Conditions();
  where.add(() => "j.state = 'waiting' AND w.kind = 'signal'");
  if (runId !== undefined) where.add(($) => `w.run_id = ${$(runId)}`);
  if (name !== undefined) where.add(($) => `w.name = ${$(name)}`);
  const rows = await tx.rows(
    `SELECT j.id, j.due_at, j.started_at, j.created_at, j.item_key, w.run_id, w.name, r.workflow, s.name AS step, p.payload
     FROM jobs j JOIN waits w ON w.job_id = j.id JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = w.run_id JOIN payloads p ON p.job_id = j.id
     ${where.text} ORDER BY j.id LIMIT ${where.$(limit)}`,
    where.values,
  );
  return (rows as unknown as readonly SignalWaitRow[]).map(signalWaitView);
}

export async function signalLink(tx: Transaction, { hash, now }: SignalLinkParams, workflows: KeptWorkflows): Promise<SignalLinkView | undefined> {
  const link = await signalLinkOf(tx, hash);
  if (link === undefined) return undefined;
  const { run_id: runId, name } = link;
  const [[facts], answer, waits] = await Promise.all([
    runsWithSteps(tx, [runId]),
    tx.one('SELECT * FROM signals WHERE run_id = $1 AND name = $2', [runId, name]),
    signalWaits(tx, { runId, name, limit: maxLooked }),
  ]);
  if (facts === undefined) return undefined;
  const { version } = facts.run;
  const kept = workflows.known(version) === undefined ? await workflowVersion(tx, { version }) : undefined;
  const workflow = workflows.known(version) ?? (kept && workflows.understand(version, kept));
  return signalLinkView({ link, facts, workflow, answer: answer as SignalRow | undefined, waits }, now);
}
