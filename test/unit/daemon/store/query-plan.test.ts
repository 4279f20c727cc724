import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Database } from '../../../../daemon/store/sqlite/database.ts';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { getRun, listRuns } from '../../../../daemon/store/sqlite/queries/runs.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { fanOut, numbers, StoreBench } from '../../../support/store-suite/store-bench.ts';

/** A store whose writer tells the texts of its statements. */
function recording(texts: Set<string>): StoreBench {
  return new StoreBench(
    (where) =>
      new SqliteStore(
        new InlineConnection({
          file: path.join(where, 'store.db'),
          durability: 'normal',
          newStoreId: () => 'abcdefgh',
          prepare: (connection) => {
            const prepare = connection.prepare.bind(connection);
            connection.prepare = (text): StatementSync => {
              texts.add(text);
              return prepare(text);
            };
          },
        }),
      ),
  );
}

/** What the writer prepares while everything is done once; read by recording `prepare`, so that no statement is copied here. */
describe('query plans', () => {
  const texts = new Set<string>();
  let db: DatabaseSync;
  /** A run that is there to be looked at. */
  let kept: number;
  before(async () => {
    const bench = recording(texts);
    await bench.open();
    const run = await bench.run(fanOut('on-item-failure: fail, key: "${{ item }}"'), { list: numbers(6).map(String) });
    await bench.store.fanOut({ stepId: bench.last.expanding[0]?.stepId ?? 0, now: bench.now, limit: 4 });
    const [first, second] = await bench.claim(2);
    assert.ok(first && second);
    await bench.retryIn(second, 10);
    bench.now += 10;
    await bench.store.promote({ now: bench.now });
    await bench.die(first);
    await bench.cascade(1);
    await bench.store.replay({ jobIds: [first.jobId], now: bench.now });
    await bench.succeed(await bench.next());
    await bench.cascade(1);
    await bench.claim(1);
    await bench.store.cancelRun({ runId: run, now: bench.now });
    await bench.crash();
    await bench.cascade();
    await bench.store.prune({ now: bench.now + 1, runsBefore: bench.now + 1, deadLetters: [{ queue: 'default', before: bench.now }], limit: 100 });
    kept = await bench.one();
    db = new DatabaseSync(path.join(bench.folder, 'store.db'), { readOnly: true });
    after(async () => {
      db.close();
      await bench.dispose();
    });
  });

  const planOf = (text: string): string =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all(...Array.from({ length: text.split(/\?\d?/).length - 1 }, () => 1).slice(0, text.includes('?1') ? 2 : undefined))
      .map((row) => String(row['detail']))
      .join('; ');
  const planLike = (fragment: string): string => {
    const found = [...texts].filter((text) => text.includes(fragment));
    assert.equal(found.length, 1, `${found.length} statements have ${fragment}`);
    return planOf(found[0] ?? '');
  };

  it('claims along the index of what is pending, without sorting', () => {
    const plan = planLike('CROSS JOIN payloads');
    assert.match(plan, /^SEARCH j USING INDEX jobs_pending \(queue_id=\?\); SEARCH p USING INTEGER PRIMARY KEY/);
    assert.doesNotMatch(plan, /TEMP B-TREE/);
  });

  it('promotes along the index of what is delayed, without sorting', () => {
    const plan = planLike("state = 'delayed' AND due_at <= ?");
    assert.match(plan, /jobs_delayed \(due_at<\?\)/);
    assert.doesNotMatch(plan, /TEMP B-TREE/);
    assert.match(planLike("state = 'delayed' ORDER BY due_at LIMIT 1"), /jobs_delayed/);
  });

  it('counts at the start by indexes alone', () => {
    for (const [state, index] of [['pending', 'jobs_pending'], ['delayed', 'jobs_delayed'], ['dead', 'jobs_dead']]) {
      assert.match(planLike(`WHERE state = '${state}' GROUP BY queue_id`), new RegExp(`USING COVERING INDEX ${index}`));
    }
  });

  it('finds what was active at a crash without a look at the rest', () => {
    const [recovery] = [...texts].filter((text) => text.startsWith('SELECT id, step_id, queue_id, state') && text.endsWith("state = 'active' AND daemon = ?"));
    assert.match(planOf(recovery ?? ''), /USING INDEX jobs_active/);
  });

  it('finds what a step failed of among its own jobs, if its queue has more dead letters', async () => {
    const read = new Set<string>();
    const bench = recording(read);
    await bench.open();
    try {
      for (const _ of numbers(3)) await bench.one();
      for (const job of await bench.claim(3)) await bench.die(job);
      const plans = [...read].filter((text) => text.startsWith('SELECT error FROM jobs')).map(planOf);
      assert.deepEqual(plans.map((plan) => /^SEARCH jobs USING INDEX jobs_item \(step_id=\?\)/.test(plan)), [true], plans.join('\n'));
    } finally {
      await bench.dispose();
    }
  });

  it('lists and counts child runs, and those that none has started, along indexes', () => {
    const read = new Set<string>();
    const reader = new Database(db);
    const sql = reader.sql.bind(reader);
    reader.sql = (text): StatementSync => {
      read.add(text);
      return sql(text);
    };
    assert.ok(getRun(reader, { runId: kept }));
    for (const parentRun of [1, null]) for (const state of [{ state: 'failed' }, {}] as const) listRuns(reader, { parentRun, ...state, limit: 1 });
    for (const [condition, index] of [
      ['WHERE parent_run = ? GROUP BY state', 'COVERING INDEX runs_children'],
      ['state = ? AND parent_run = ? ORDER', 'COVERING INDEX runs_children \\(parent_run=\\? AND state=\\?\\)'],
      ['WHERE parent_run = ? ORDER', 'COVERING INDEX runs_parent'],
      ['state = ? AND parent_run IS NULL ORDER', 'INDEX runs_started_by_none_state \\(state=\\?\\)'],
      ['WHERE parent_run IS NULL ORDER', 'runs_started_by_none'],
      ["c.state = 'running' AND j.state = 'waiting'", '^SEARCH c USING INDEX runs_children'],
    ] as const) {
      const plan = planOf([...read].find((text) => text.includes(condition)) ?? '');
      assert.match(plan, new RegExp(index), condition);
      assert.doesNotMatch(plan, /TEMP B-TREE/, condition);
    }
  });

  it('reads no table from end to end that grows with jobs', () => {
    const scans = [...texts]
      .filter((text) => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(text))
      .map((text) => ({ text, plan: planOf(text) }))
      .filter(({ plan }) => /SCAN (jobs|j|payloads|p|attempts|a)\b(?! USING (COVERING )?INDEX jobs_(pending|delayed|waiting|active|dead|cancelled_by_sibling))/.test(plan));
    assert.deepEqual(scans, []);
  });
});
