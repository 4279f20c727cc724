import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { MemoryStore } from '../../../support/memory-store/memory-store.ts';
import { MemoryTables } from '../../../support/memory-store/memory-tables.ts';
import { limits, sharedStep, Side, step, take, type Step } from '../../../support/store-suite/random-operations.ts';
import { StoreBench } from '../../../support/store-suite/store-bench.ts';
import { suiteLinkKey } from '../../../support/store-suite/suite-links.ts';

const memories = new Map<string, MemoryTables>();
const inMemory = (folder: string, daemon?: string): MemoryStore => {
  const tables = memories.get(folder) ?? new MemoryTables();
  memories.set(folder, tables);
  return new MemoryStore(tables, daemon);
};
const inSqlite = (folder: string): SqliteStore =>
  new SqliteStore(new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => 'memory00', linkKey: suiteLinkKey }));

/** Asks both the same, and compares each answer and all that can be seen after it. `names`: of the daemons that share the store in memory. */
async function compare(names: readonly string[], steps: readonly Step[]): Promise<void> {
  const first = new StoreBench(inMemory);
  const others = names.slice(1).map((daemon) => new StoreBench(inMemory, { folder: first.folder, daemon }));
  const inFile = new StoreBench(inSqlite);
  const [memory, sqlite] = [new Side(first, ...others), new Side(inFile)];
  try {
    for (const bench of [first, ...others, inFile]) await bench.open(limits);
    first.commits.splice(1);
    for (const one of steps) {
      const [answer, other] = [await take(memory, one), await take(sqlite, one)];
      assert.deepEqual(other, answer, JSON.stringify(one));
      assert.deepEqual(await sqlite.seen(), await memory.seen(), `after ${JSON.stringify(one)}`);
    }
  } finally {
    memories.delete(first.folder);
    for (const bench of [...others, first, inFile]) {
      await bench.dispose();
      assert.ok(!existsSync(bench.folder));
    }
  }
}

describe('a store in memory and the SQLite store', () => {
  it('answer and show the same, whatever is asked of them', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => compare(['one'], steps)), { numRuns: 60 });
  });

  it('answer, show and tell the same if two daemons share the one in memory and take turns', async () => {
    await fc.assert(fc.asyncProperty(fc.array(sharedStep, { minLength: 5, maxLength: 25 }), (steps) => compare(['one', 'two'], steps)), { numRuns: 40 });
  });
});
