import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { fanOut, numbers, StoreBench } from '../../../support/store-suite/store-bench.ts';

/** What the writer prepares while everything is done once; read by recording `prepare`, so that no statement is copied here. */
describe('query plans', () => {
  const texts = new Set<string>();
  let db: DatabaseSync;
  before(async () => {
    const bench = new StoreBench(
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

  it('reads no table from end to end that grows with jobs', () => {
    const scans = [...texts]
      .filter((text) => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(text))
      .map((text) => ({ text, plan: planOf(text) }))
      .filter(({ plan }) => /SCAN (jobs|j|payloads|p|attempts|a)\b(?! USING (COVERING )?INDEX jobs_(pending|delayed|waiting|active|dead|cancelled_by_sibling))/.test(plan));
    assert.deepEqual(scans, []);
  });
});
