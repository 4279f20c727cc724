import type { StepOfVersion } from '../../../ledger/daemons.ts';
import type { Cascade, LedgerJob } from '../../../ledger/row.ts';
import { never } from '../../../ledger/row.ts';
import { maxPassed, type DueJob, type Snapshot } from '../../../ledger/snapshot.ts';
import { columnsOf, dueColumns, dueJobOf, jobColumns, jobOf, type Values } from '../../row-columns.ts';
import { list, type Value } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { byNumber, each, eachAlone, pairOf, type Loading, type Loads, type Unsure } from './loading.ts';

/** Where the columns of a due job end. */
const dueWidth = dueColumns.split(', ').length;

/** Jobs by number, and those that are chosen. Whatever is found beside others is locked; a claim takes what nobody else is about to take. */
export const jobFacts: Loads<
  | 'job' | 'due' | 'dueBut' | 'overdue' | 'activeJobs' | 'hasCancelledBySibling' | 'firstDeath' | 'takenKeys' | 'waitingFor' | 'paced' | 'activeOf' | 'inQueue' | 'deadBefore' | 'lastPaced' | 'jobsOfRun' | 'nextDue'
> = {
  job: byNumber(
    'job',
    async (loading, ids) => (await jobsByNumber(loading, ids)).map((job) => [job.id, job]),
    () => undefined,
  ),
  due: async (loading, asks, snapshot) => {
    for (const { key, limit = 0 } of asks) snapshot.set('due', key, await dueJobs(loading, key, limit, snapshot), limit);
  },
  dueBut: async (loading, asks, snapshot) => {
    for (const { key, limit = 0 } of asks) snapshot.set('dueBut', key, await dueJobsBut(loading, key, limit, snapshot), limit);
  },
  overdue: each('overdue', async ({ tx }, at, limit) => {
    const skip = tx.access === 'beside' ? 'FOR NO KEY UPDATE SKIP LOCKED' : '';
    const some = (state: string, most: number) => tx.values(`SELECT ${jobColumns} FROM jobs WHERE state = '${state}' AND due_at <= $1 ORDER BY due_at, id LIMIT $2 ${skip}`, [at, most]);
    const [delayed, waiting] = await Promise.all([some('delayed', limit), some('waiting', limit)]);
    const found = [...delayed, ...waiting].slice(0, limit).map(jobOf);
    // Those that a replay with a rate keeps apart are put off together, if they are late.
    if (found.some(({ pace }) => pace !== null)) tx.needAlone();
    return found;
  }),
  activeJobs: eachAlone('activeJobs', (loading, stepId) => jobs(loading, "state = 'active' AND step_id = $1", [stepId])),
  hasCancelledBySibling: eachAlone('hasCancelledBySibling', async ({ tx }, stepId) => (await tx.one("SELECT 1 FROM jobs WHERE step_id = $1 AND cancel_cause = 'sibling' AND state = 'cancelled' LIMIT 1", [stepId])) !== undefined),
  firstDeath: byNumber(
    'firstDeath',
    async ({ tx }, stepIds) => {
      const first = (state: string) => `(SELECT j.error FROM jobs j WHERE j.step_id = k.id AND j.state = '${state}' ORDER BY j.ended_at, j.id LIMIT 1)`;
      const found = await tx.values(`SELECT k.id, coalesce(${first('dead')}, ${first('discarded')}) FROM unnest($1::bigint[]) AS k (id)`, [list(stepIds)]);
      return found.map(([id, error]) => [Number(id), error as string | null]);
    },
    () => null,
  ),
  takenKeys: each('takenKeys', async ({ tx }, key) => {
    const [stepId, keys] = pairOf<number, readonly string[]>(key);
    const found = await tx.values('SELECT item_key FROM jobs WHERE step_id = $1 AND item_key = ANY ($2::text[])', [stepId, list(keys)]);
    return new Set(found.map(([taken]) => String(taken)));
  }),
  waitingFor: eachAlone('waitingFor', async ({ tx }, key, limit) => {
    const [runId, name] = pairOf<number, string>(key);
    const found = await tx.values(
      `SELECT ${columnsOf('j', jobColumns)} FROM waits w JOIN jobs j ON j.id = w.job_id WHERE w.run_id = $1 AND w.name = $2 AND j.state = 'waiting' ORDER BY j.id LIMIT $3`,
      [runId, name, limit],
    );
    return found.map(jobOf);
  }),
  paced: eachAlone('paced', (loading, queueId) => jobs(loading, "pace IS NOT NULL AND state = 'pending' AND queue_id = $1", [queueId])),
  activeOf: eachAlone('activeOf', (loading, daemon) => jobs(loading, "state = 'active' AND daemon = $1", [daemon])),
  inQueue: eachAlone('inQueue', async (loading, queueId, limit) => {
    const found: LedgerJob[] = [];
    for (const state of ['active', 'pending', 'delayed', 'waiting', 'dead']) {
      if (found.length < limit) found.push(...(await jobs(loading, `state = '${state}' AND queue_id = $1`, [queueId, limit - found.length], 'LIMIT $2')));
    }
    return found;
  }),
  deadBefore: eachAlone('deadBefore', (loading, key, limit) => jobs(loading, "state = 'dead' AND queue_id = $1 AND ended_at < $2", [...pairOf<number, number>(key), limit], 'LIMIT $3')),
  lastPaced: eachAlone('lastPaced', async ({ tx }, pace) => ((await tx.one('SELECT max(due_at) AS due_at FROM jobs WHERE pace = $1', [pace]))?.['due_at'] as number | null | undefined) ?? undefined),
  jobsOfRun: eachAlone('jobsOfRun', async ({ tx }, runId, limit) => {
    const found = await tx.values(`SELECT ${columnsOf('j', jobColumns)} FROM steps s JOIN jobs j ON j.step_id = s.id WHERE s.run_id = $1 ORDER BY j.id LIMIT $2`, [runId, limit]);
    return found.map(jobOf);
  }),
  nextDue: each('nextDue', ({ tx }) => nextDueAt(tx)),
};

/** When the next delayed job is due, or the next wait ends. */
export async function nextDueAt(tx: Transaction): Promise<number | undefined> {
  const first = (state: string) => `(SELECT due_at FROM jobs WHERE state = '${state}' ORDER BY due_at LIMIT 1)`;
  const [row] = await tx.values(`SELECT least(${first('delayed')}, ${first('waiting')})`);
  const at = row?.[0];
  return typeof at !== 'number' || at >= never ? undefined : at;
}

async function jobs({ tx }: Loading, condition: string, values: readonly Value[], rest = ''): Promise<readonly LedgerJob[]> {
  return (await tx.values(`SELECT ${jobColumns} FROM jobs WHERE ${condition} ORDER BY id ${rest}`, values)).map(jobOf);
}

/**
 * A job that this daemon has under way is changed by nobody who writes beside it: only its own outcomes, and what has the store alone, do that. So it isn't locked, which would be a write
 * more for each. Whatever else is named is.
 */
async function jobsByNumber({ tx, memory }: Loading, ids: readonly number[]): Promise<readonly LedgerJob[]> {
  const read = (some: readonly number[], locking: string): Promise<readonly Values[]> => tx.values(`SELECT ${jobColumns}, daemon FROM jobs WHERE id = ANY ($1::bigint[]) ORDER BY id ${locking}`, [list(some)]);
  const rows = await read(ids, '');
  const isOwn = (row: Values): boolean => jobOf(row).state === 'active' && row.at(-1) === memory.daemon;
  const others = tx.locking === '' ? [] : rows.filter((row) => !isOwn(row));
  if (others.length === 0) return rows.map(jobOf);
  const locked = await read(others.map((row) => jobOf(row).id), tx.locking);
  return [...rows.filter(isOwn), ...locked].map(jobOf);
}

/** Few steps have one, and their index is of those alone: to join all of them would take longer than to find the jobs. */
const cascadeColumn = '(SELECT s.cascade FROM steps s WHERE s.id = j.step_id AND s.cascade IS NOT NULL)';

/** The next jobs of a queue, with what their steps follow. */
async function dueJobs({ tx, unsure }: Loading, queueId: number, limit: number, snapshot: Snapshot): Promise<readonly DueJob[]> {
  return dueJobsOf(await dueRows(tx, queueId, limit), unsure, snapshot);
}

export function dueRows(tx: Transaction, queueId: number, limit: number): Promise<readonly Values[]> {
  const skip = tx.access === 'beside' ? 'FOR NO KEY UPDATE SKIP LOCKED' : '';
  return tx.values(
    `SELECT ${dueColumns}, ${cascadeColumn}
     FROM (SELECT * FROM jobs WHERE state = 'pending' AND queue_id = $1 ORDER BY priority DESC, due_at, id LIMIT $2 ${skip}) j JOIN payloads p ON p.job_id = j.id
     ORDER BY j.priority DESC, j.due_at, j.id`,
    [queueId, limit],
  );
}

/** Without the jobs of some steps and some connections. Only what is taken is locked, and nothing that somebody else has taken since it was found. */
async function dueJobsBut({ tx, unsure }: Loading, key: string, limit: number, snapshot: Snapshot): Promise<readonly DueJob[]> {
  const [queueId, passing, connections] = JSON.parse(key) as readonly [number, readonly StepOfVersion[], readonly string[]];
  const skip = tx.access === 'beside' ? 'FOR NO KEY UPDATE OF j SKIP LOCKED' : '';
  const rows = await tx.values(
    `SELECT ${dueColumns}, ${cascadeColumn}
     FROM (SELECT id FROM jobs WHERE state = 'pending' AND queue_id = $1 ORDER BY priority DESC, due_at, id LIMIT ${maxPassed}) d
     JOIN jobs j ON j.id = d.id JOIN payloads p ON p.job_id = j.id JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = s.run_id
     WHERE j.state = 'pending' AND j.queue_id = $1 AND NOT EXISTS (SELECT 1 FROM unnest($3::text[], $4::text[]) AS k (version, step) WHERE k.version = r.version AND k.step = s.name)
       AND (j.connection IS NULL OR j.connection <> ALL ($5::text[]))
     ORDER BY j.priority DESC, j.due_at, j.id LIMIT $2 ${skip}`,
    [queueId, limit, list(passing.map(({ version }) => version)), list(passing.map(({ step }) => step)), list(connections)],
  );
  return dueJobsOf(rows, unsure, snapshot);
}

export function dueJobsOf(rows: readonly Values[], unsure: Unsure, snapshot: Snapshot): readonly DueJob[] {
  return rows.map((row) => {
    const job = dueJobOf(row);
    unsure.due.set(job.id, job);
    snapshot.set('cascade', job.step_id, (row[dueWidth] as Cascade | null) ?? undefined);
    return job;
  });
}
