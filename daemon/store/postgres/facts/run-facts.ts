import { isHeld, openFanOutOf, runColumns, type Cascade, type RunRow, type SignalLinkRow, type SignalRow, type StepRow, type WaitRow } from '../../../ledger/row.ts';
import type { FanOutProgress } from '../../../ledger/call.ts';
import type { CascadeChunk, RunFacts, StepInfo } from '../../../ledger/snapshot.ts';
import { columnsOf, jobColumns, jobOf, runOf, stepColumns, stepOf, type Values } from '../../row-columns.ts';
import { list } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { byNumber, each, eachAlone, pairOf, type Loading, type Loads } from './loading.ts';

/** Runs that ended, without those that by their counts have an open job or a dead letter, and those that have started others, until these are gone. */
const selectEnded = `
  SELECT r.id FROM runs r
  WHERE r.state IN ('succeeded', 'failed', 'cancelled') AND r.ended_at < $1
    AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.run_id = r.id AND s.total > s.succeeded + s.cancelled + s.discarded)
    AND NOT EXISTS (SELECT 1 FROM runs c WHERE c.parent_run = r.id)
  ORDER BY r.id LIMIT $2`;

/** Runs and steps, and what belongs to them. */
export const runFacts: Loads<
  | 'run' | 'openBelow' | 'step' | 'stepInfo' | 'workflow' | 'wait' | 'signal' | 'signalLink' | 'fanOut' | 'openFanOuts' | 'cascade' | 'cascading' | 'openSteps' | 'runWithKey' | 'runsUnderWay' | 'runsWaiting' | 'runsWaitingForNone' | 'endedBefore'
> = {
  step: byNumber(
    'step',
    async ({ tx }, ids) => (await tx.values(`SELECT ${stepColumns} FROM steps WHERE id = ANY ($1::bigint[]) ORDER BY id ${tx.locking}`, [list(ids)])).map(stepOf).map((step) => [step.id, step]),
    () => undefined,
  ),
  run: byNumber('run', async ({ tx }, ids) => (await runsWithSteps(tx, ids)).map((facts) => [facts.run.id, facts]), () => undefined),
  openBelow: byNumber(
    'openBelow',
    async ({ tx }, ids) => {
      tx.needAlone();
      const found = await tx.values(
        `WITH RECURSIVE below (top, id) AS (
           SELECT k.id, k.id FROM unnest($1::bigint[]) AS k (id)
           UNION ALL SELECT b.top, w.child_id FROM below b JOIN waits w ON w.run_id = b.id WHERE w.child_id IS NOT NULL
         )
         SELECT DISTINCT b.top FROM below b JOIN steps s ON s.run_id = b.id WHERE s.total > s.succeeded + s.dead + s.cancelled + s.discarded`,
        [list(ids)],
      );
      return found.map(([id]) => [Number(id), true]);
    },
    () => false,
  ),
  stepInfo: byNumber('stepInfo', stepInfos, (id) => {
    throw new Error(`there is no step ${id}`);
  }),
  workflow: async ({ tx, memory }, asks, snapshot) => {
    const rows = await tx.rows('SELECT version, workflow, text FROM workflow_versions WHERE version = ANY ($1::text[])', [list(asks.map(({ key }) => key))]);
    const kept = new Map(rows.map(({ version, workflow, text }) => [String(version), { workflow: String(workflow), text: String(text) }]));
    for (const { key, text } of asks) {
      const given = kept.get(key) ?? text;
      if (given === undefined) throw new Error(`the store has no workflow of version ${key}`);
      snapshot.set('workflow', key, memory.workflows.understand(key, given));
    }
  },
  wait: byNumber('wait', async ({ tx }, ids) => (await tx.rows('SELECT * FROM waits WHERE job_id = ANY ($1::bigint[])', [list(ids)])).map((row) => [Number(row['job_id']), row as unknown as WaitRow]), () => undefined),
  signal: each('signal', async ({ tx }, key) => (await tx.one('SELECT * FROM signals WHERE run_id = $1 AND name = $2', [...pairOf<number, string>(key)])) as SignalRow | undefined),
  signalLink: each('signalLink', ({ tx }, hash) => signalLinkOf(tx, hash)),
  fanOut: byNumber('fanOut', async ({ tx }, ids) => (await openFanOuts(tx, ids)).map((open) => [open.stepId, open]), () => undefined),
  openFanOuts: eachAlone('openFanOuts', ({ tx }) => openFanOuts(tx)),
  cascade: byNumber(
    'cascade',
    async ({ tx }, ids) => (await tx.values('SELECT id, cascade FROM steps WHERE id = ANY ($1::bigint[])', [list(ids)])).map(([id, cascade]) => [Number(id), (cascade as Cascade | null) ?? undefined]),
    () => undefined,
  ),
  cascading: eachAlone('cascading', (loading, _all, limit) => cascadeChunks(loading, limit)),
  openSteps: eachAlone('openSteps', async ({ tx }, queueId) => {
    const rows = await tx.values(
      `SELECT ${columnsOf('s', stepColumns)} FROM steps s JOIN runs r ON r.id = s.run_id
       WHERE s.queue_id = $1 AND s.state IN ('waiting', 'running') AND (r.state = 'running' OR (r.state = 'failed' AND r.on_failure_state = 'running')) ORDER BY s.id`,
      [queueId],
    );
    return rows.map(stepOf);
  }),
  runWithKey: each('runWithKey', async ({ tx }, key) => (await tx.one('SELECT id FROM runs WHERE workflow = $1 AND run_key = $2', [...pairOf<string, string>(key)]))?.['id'] as number | undefined),
  runsUnderWay: eachAlone('runsUnderWay', ({ tx }, key) => runsOfKey(tx, key, 'gate IS NULL')),
  runsWaiting: eachAlone('runsWaiting', ({ tx }, key, limit) => runsOfKey(tx, key, 'gate IS NOT NULL', limit)),
  runsWaitingForNone: eachAlone('runsWaitingForNone', async ({ tx }) => {
    const rows = await tx.values(
      `SELECT ${runColumns} FROM runs WHERE id IN (
         SELECT min(id) FROM runs WHERE concurrency_key IS NOT NULL AND state = 'running' GROUP BY workflow, concurrency_key HAVING count(gate) = count(*)) ORDER BY id`,
    );
    return rows.map(runOf);
  }),
  endedBefore: eachAlone('endedBefore', async ({ tx }, at, limit) => runsWithSteps(tx, (await tx.values(selectEnded, [at, limit])).map(([id]) => Number(id)))),
};

/** In the order of their numbers. A run is locked before its steps are read: of two that end the last steps before another, the later one sees what the earlier has done. */
export async function runsWithSteps(tx: Transaction, ids: readonly number[]): Promise<readonly RunFacts[]> {
  const runs = tx.values(`SELECT ${runColumns} FROM runs WHERE id = ANY ($1::bigint[]) ORDER BY id ${tx.locking}`, [list(ids)]);
  const steps = await tx.values(`SELECT ${stepColumns} FROM steps WHERE run_id = ANY ($1::bigint[]) ORDER BY run_id, position`, [list(ids)]);
  const byRun = Map.groupBy(steps.map(stepOf), ({ run_id: runId }: StepRow) => runId);
  return (await runs).map(runOf).map((run: RunRow) => ({ run, steps: byRun.get(run.id) ?? [] }));
}

async function stepInfos({ tx, unsure }: Loading, ids: readonly number[]): Promise<readonly (readonly [number, StepInfo])[]> {
  const rows = await tx.values('SELECT s.id, s.run_id, s.name, s.uses, r.version FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.id = ANY ($1::bigint[])', [list(ids)]);
  return rows.map(([id, runId, name, uses, version]: Values) => {
    const info = { runId: Number(runId), name: String(name), uses: String(uses), version: String(version) };
    unsure.stepInfos.set(Number(id), info);
    return [Number(id), info];
  });
}

/** Those of these steps, or of all, that have items left to become jobs. */
export async function openFanOuts(tx: Transaction, ids?: readonly number[]): Promise<readonly FanOutProgress[]> {
  const rows = await tx.rows(
    `SELECT s.id, s.cursor, s.file, s.file_format, s.total, s.item_limit, q.name, d.name AS reader, f.since, f.count
     FROM steps s JOIN runs r ON r.id = s.run_id JOIN queues q ON q.id = s.queue_id LEFT JOIN item_files f ON f.step_id = s.id LEFT JOIN daemons d ON d.id = f.daemon
     WHERE s.state = 'running' AND s.expanded = 0 AND s.is_foreach = 1 AND s.error IS NULL AND r.cancel_requested = 0 ${ids === undefined ? '' : 'AND s.id = ANY ($1::bigint[])'} ORDER BY s.id`,
    ids === undefined ? [] : [list(ids)],
  );
  return rows.map((row) => {
    const step = row as unknown as Pick<StepRow, 'id' | 'cursor' | 'file' | 'file_format' | 'total' | 'item_limit'>;
    const open = openFanOutOf(step, String(row['name']), isHeld(step));
    const { reader, since, count } = row as { readonly reader: string | null; readonly since: number; readonly count: number | null };
    return reader === null ? open : { ...open, reader: { daemon: reader, since, ...(count === null ? {} : { count }) } };
  });
}

async function runsOfKey(tx: Transaction, key: string, condition: string, limit?: number): Promise<readonly RunRow[]> {
  const rows = await tx.values(
    `SELECT ${runColumns} FROM runs WHERE workflow = $1 AND concurrency_key = $2 AND state = 'running' AND ${condition} ORDER BY id ${limit === undefined ? '' : 'LIMIT $3'}`,
    [...pairOf<string, string>(key), ...(limit === undefined ? [] : [limit])],
  );
  return rows.map(runOf);
}

async function cascadeChunks(loading: Loading, limit: number): Promise<readonly CascadeChunk[]> {
  const { tx, memory, unsure } = loading;
  const chunks: CascadeChunk[] = [];
  let left = limit;
  for (const [id, cascade] of await tx.values('SELECT id, cascade FROM steps WHERE cascade IS NOT NULL ORDER BY id')) {
    const [stepId, kind] = [Number(id), cascade as Cascade];
    if (left <= 0) return [...chunks, { stepId, kind, jobs: [], last: false }];
    const known = unsure.cascadePlaces.get(stepId) ?? memory.cascadePlaces.get(stepId);
    const after = known?.kind === kind ? known.after : undefined;
    // From where this daemon's chunk before has ended: a step of a million jobs is read once. No job turns up behind that place, because those that are active are marked, and follow when they end.
    const which = kind === 'reopening' ? "state = 'cancelled' AND cancel_cause = 'sibling'" : "state IN ('pending', 'delayed', 'waiting')";
    const jobs = await tx.values(
      `SELECT ${jobColumns} FROM jobs WHERE step_id = $1 AND ${which} ${after === undefined ? '' : 'AND item_index > $3'} ORDER BY item_index LIMIT $2`,
      [stepId, left, ...(after === undefined ? [] : [after])],
    );
    const found = jobs.map(jobOf);
    chunks.push({ stepId, kind, jobs: found, last: found.length < left });
    const last = found.at(-1)?.item_index ?? after;
    if (last !== undefined) unsure.cascadePlaces.set(stepId, { kind, after: last });
    left -= found.length;
  }
  return chunks;
}

/** By the hash of its token. */
export async function signalLinkOf(tx: Transaction, hash: string): Promise<SignalLinkRow | undefined> {
  return (await tx.one('SELECT * FROM signal_links WHERE hash = $1', [hash])) as SignalLinkRow | undefined;
}
