import assert from 'node:assert/strict';
import type { AdvanceBulkParams, BulkRequest } from '../../../../daemon/ledger/bulk-call.ts';
import type { Call } from '../../../../daemon/ledger/call.ts';
import type { BulkRow, JobRow, LedgerJob } from '../../../../daemon/ledger/row.ts';
import { aJob, decided, type Decided, type Facts } from '../../../support/ledger-facts.ts';

function aBulk(values: Partial<BulkRow> = {}): BulkRow {
  return {
    id: 1, action: 'replay', state: 'running', started_at: 1000, ended_at: null, total: 3, done: 0, skipped: 0, edited: 0, taken_back: 0, hold_after: null, rate: null, spacing_ms: 0,
    last_due_at: null, originals: 0, reason: null, problem: null, cursor: 0, daemon: 1, export_to: null, ...values,
  };
}

const infos = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [index, { runId: 1, name: 'a', uses: 'test/scripted', version: 'v' }]));

/** Bulk work over these jobs, which comes to them next. */
function over(bulk: Partial<BulkRow>, jobs: readonly LedgerJob[], more: Facts = {}): Facts {
  const cursor = bulk.cursor ?? 0;
  return {
    bulk: { 1: aBulk(bulk) }, bulkNext: { [JSON.stringify([1, cursor])]: jobs.map(({ id }) => id) }, job: Object.fromEntries(jobs.map((job) => [job.id, job])), stepInfo: infos,
    payload: Object.fromEntries(jobs.map(({ id }) => [id, { job_id: id, payload: '{}', secrets: null, item: null, created_at: 1 }])), lastPaced: { [-1]: undefined }, ...more,
  };
}

const advance = (limit = 10, more: Partial<AdvanceBulkParams> = {}): Call => ({ name: 'advanceBulk', params: { bulkId: 1, limit, now: 2000, ...more } });
const bulkPatch = ({ changes }: Decided): Partial<BulkRow> | undefined => changes.flatMap((change) => (change.kind === 'patch' && change.table === 'bulks' ? [change.values] : []))[0];
const jobPatches = ({ changes }: Decided): Record<number, Partial<JobRow>> => Object.fromEntries(changes.flatMap((change) => (change.kind === 'patch' && change.table === 'jobs' ? [[change.id, change.values]] : [])));
const marks = ({ changes }: Decided): [number, number][] => changes.flatMap((change) => (change.kind === 'mark_bulk_job' ? [[change.jobId, change.round] as [number, number]] : []));
const answerOf = ({ answers: [answer] }: Decided): unknown => (answer?.ok === true ? answer.value : answer?.error.code);
const dead = (id: number, more: Partial<LedgerJob> = {}) => aJob({ id, state: 'dead', ...more });

describe('preparing bulk work', () => {
  const request: BulkRequest = { action: 'discard', reason: 'old' };
  const rowsIn = ({ changes }: Decided, table: string): unknown[] => changes.flatMap((change) => (change.kind === 'insert' && change.table === table ? [...change.rows] : []));

  it('makes it with the first call, each job once, and begins it with the last', () => {
    const first = decided([{ name: 'prepareBulk', params: { request, jobIds: [4, 5, 4], last: false, now: 1000 } }], { nextBulk: { 0: 7 } });
    assert.deepEqual([answerOf(first), rowsIn(first, 'bulk_jobs')], [{ bulkId: 7 }, [{ bulk_id: 7, job_id: 4 }, { bulk_id: 7, job_id: 5 }]]);
    assert.deepEqual(rowsIn(first, 'bulks').map((row) => [(row as BulkRow).state, (row as BulkRow).total, (row as BulkRow).reason]), [['preparing', 2, 'old']]);
    const last = decided([{ name: 'prepareBulk', params: { bulkId: 7, request, jobIds: [5, 6], last: true, now: 1000 } }], { bulk: { 7: aBulk({ id: 7, state: 'preparing', total: 2 }) }, bulkMembers: { '[7,[5,6]]': new Set([5]) } });
    assert.deepEqual([bulkPatch(last), rowsIn(last, 'bulk_jobs')], [{ total: 3, state: 'running', ended_at: null }, [{ bulk_id: 7, job_id: 6 }]]);
  });

  it('of no jobs is done', () => {
    const empty = decided([{ name: 'prepareBulk', params: { request, jobIds: [], last: true, now: 1000 } }], { nextBulk: { 0: 7 } });
    assert.deepEqual(rowsIn(empty, 'bulks').map((row) => [(row as BulkRow).state, (row as BulkRow).ended_at]), [['done', 1000]]);
  });
});

describe('bulk work', () => {
  it('acts on those that are still meant, and counts the others', () => {
    const jobs = ['pending', 'delayed', 'active', 'succeeded', 'dead', 'cancelled', 'discarded'].map((state, index) => aJob({ id: index + 1, state: state as LedgerJob['state'] }));
    const meant: Record<string, [meant: number[], states: string[], active: number[]]> = {
      replay: [[5], ['pending'], []],
      discard: [[5], ['discarded'], []],
      cancel: [[1, 2, 3], ['cancelled', 'cancelled'], [3]],
      retry: [[2], ['pending'], []],
    };
    for (const [action, [ids, states, active]] of Object.entries(meant)) {
      const decision = decided([advance()], over({ action: action as BulkRow['action'], total: 7 }, jobs));
      assert.deepEqual(marks(decision).map(([id]) => id), ids, action);
      assert.deepEqual(Object.values(jobPatches(decision)).flatMap(({ state }) => state ?? []), states, action);
      assert.deepEqual(answerOf(decision), { more: false, active }, action);
      const { state, done, skipped } = bulkPatch(decision) ?? {};
      assert.deepEqual([state, done, skipped], ['done', ids.length, 7 - ids.length], action);
    }
  });

  it('marks a replay with the round that it has begun, so that it can be told from a later one', () => {
    assert.deepEqual(marks(decided([advance()], over({}, [dead(1, { round: 3 })]))), [[1, 4]]);
    assert.deepEqual(marks(decided([advance()], over({ action: 'discard' }, [dead(1, { round: 3 })]))), [[1, 3]]);
  });

  it('leaves out dead letters whose siblings are being cancelled', () => {
    const decision = decided([advance()], over({ total: 2 }, [dead(1, { step_id: 1 }), dead(2, { step_id: 2 })], { cascade: { 1: 'failing' } }));
    assert.deepEqual([marks(decision), bulkPatch(decision)?.skipped], [[[2, 2]], 1]);
  });

  it('holds after its first jobs, and continues with the rate that it is given', () => {
    const held = decided([advance()], over({ hold_after: 2 }, [dead(1), dead(2)]));
    assert.deepEqual([answerOf(held), bulkPatch(held)?.state, bulkPatch(held)?.cursor, bulkPatch(held)?.ended_at], [{ more: false, active: [] }, 'held', 2, null]);
    assert.deepEqual(held.rounds.flat().flatMap(({ kind, limit }) => (kind === 'bulkNext' ? [limit] : [])), [2], 'and comes to no others');
    const continued = decided([{ name: 'continueBulk', params: { bulkId: 1, rate: { text: '1/s', spacingMs: 1000 } } }], over({ state: 'held', hold_after: 2, done: 2, cursor: 2, last_due_at: 5 }, []));
    assert.deepEqual(bulkPatch(continued), { state: 'running', hold_after: null, rate: '1/s', spacing_ms: 1000, last_due_at: null });
  });

  it('spaces the jobs of a rate, after the last of those that wait', () => {
    const dueAts = (bulk: Partial<BulkRow>, lastPaced?: number) => Object.values(jobPatches(decided([advance()], over({ spacing_ms: 1000, ...bulk }, [dead(1), dead(2)], { lastPaced: { [-1]: lastPaced } })))).map(({ due_at: at }) => at);
    assert.deepEqual([dueAts({}), dueAts({ last_due_at: 1500 }), dueAts({ last_due_at: 1500 }, 8000)], [[2000, 3000], [2500, 3500], [9000, 10_000]]);
  });

  it('is over when there are no more of its jobs, however many it was said to have', () => {
    assert.equal(bulkPatch(decided([advance()], over({ total: 9, done: 4, cursor: 4 }, [])))?.state, 'done');
  });

  it('does nothing unless it runs', () => {
    for (const state of ['preparing', 'held', 'done', 'cancelled', 'failed'] as const) {
      const decision = decided([advance()], over({ state }, [dead(1)]));
      assert.deepEqual([answerOf(decision), decision.changes], [{ more: false, active: [] }, []], state);
    }
  });

  it('refuses an order that its state does not allow, and changes nothing', () => {
    const orders: Record<string, [call: Call, allowed: BulkRow['state'][]]> = {
      continue: [{ name: 'continueBulk', params: { bulkId: 1 } }, ['held']],
      end: [{ name: 'endBulk', params: { bulkId: 1, now: 2000 } }, ['running', 'held', 'taking-back']],
      'take back': [{ name: 'endBulk', params: { bulkId: 1, now: 2000, takeBack: true } }, ['running', 'held', 'taking-back', 'done', 'cancelled', 'failed']],
    };
    for (const [name, [call, allowed]] of Object.entries(orders)) {
      for (const state of ['preparing', 'running', 'held', 'taking-back', 'done', 'cancelled', 'failed'] as const) {
        const decision = decided([call], over({ state }, []));
        assert.deepEqual([decision.answers[0]?.ok, decision.changes.length], allowed.includes(state) ? [true, 1] : [false, 0], `${name} of one that is ${state}`);
      }
    }
  });
});

describe('an export', () => {
  const target = { file: '/tmp/dead.json', format: 'json', overwrite: false };
  const over3 = (more: Partial<BulkRow> = {}): Facts => over({ action: 'export', export_to: JSON.stringify(target), daemon: 0, ...more }, [dead(1), dead(2)]);

  it('says where it goes, then which jobs follow those that are written, and is done when its file is there', () => {
    const begun = decided([advance()], over3());
    assert.deepEqual([answerOf(begun), bulkPatch(begun)], [{ more: true, active: [], exporting: { target, next: [] } }, undefined]);
    const progress = { done: 0, skipped: 0, edited: 0, cursor: 0 };
    const first = decided([advance(10, { exported: progress })], over3({ done: 7 }));
    assert.deepEqual([answerOf(first), bulkPatch(first), jobPatches(first)], [{ more: true, active: [], exporting: { target, next: [1, 2] } }, progress, {}]);
    assert.deepEqual(bulkPatch(decided([advance(0, { exported: 'placed' })], over3())), { state: 'done', ended_at: 2000 });
  });

  it('is left to the daemon that began it, and to nobody once it has been cancelled', () => {
    for (const other of [{ daemon: 2 }, { state: 'cancelled' }] as const) assert.deepEqual(answerOf(decided([advance()], over3(other))), { more: false, active: [] });
  });
});

describe('taking a replay back', () => {
  it('makes dead letters of what no attempt has reached, and of nothing else', () => {
    const attempt = (round: number) => ({ number: 1, round, revision: 1, ended_at: 1200 });
    const sent = [
      aJob({ id: 1, round: 2 }),
      aJob({ id: 2, round: 2, state: 'delayed' }),
      // Attempted since.
      aJob({ id: 3, round: 2, state: 'delayed' }),
      // Replayed again since, by somebody else.
      aJob({ id: 4, round: 3 }),
      aJob({ id: 5, round: 2, state: 'succeeded' }),
    ];
    const attempts = { 1: [attempt(1)], 2: [attempt(1)], 3: [attempt(1), attempt(2)], 4: [attempt(1)], 5: [attempt(2)] };
    const facts = over({ state: 'taking-back', done: 5 }, sent, { bulkSent: { '[1,0]': sent.map(({ id }) => ({ job_id: id, round: 2 })) }, attempts });
    const decision = decided([advance()], facts);
    assert.deepEqual(Object.entries(jobPatches(decision)).map(([id, { state, round }]) => [id, state, round]), [['1', 'dead', 1], ['2', 'dead', 1]]);
    assert.deepEqual(bulkPatch(decision), { state: 'cancelled', taken_back: 2, cursor: 5, ended_at: 2000 });
    const chunk = decided([advance(5)], facts);
    assert.deepEqual([answerOf(chunk), bulkPatch(chunk)?.state], [{ more: true, active: [] }, 'taking-back']);
  });
});
