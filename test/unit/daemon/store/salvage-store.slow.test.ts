import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import type { SettleParams } from '../../../../daemon/store/store.ts';
import { salvageInto } from '../../../../daemon/state/store-salvage.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { seededRandom } from '../../../fault/seeded-random.ts';
import { anchorAt } from '../../../support/anchor-at.ts';

const at = Date.UTC(2026, 0, 5, 9);
const pageBytes = 4096;
const itemCount = 400;
const rounds = 20;
const text = 'inputs: { items: { type: array } }\nsteps: { each: { uses: test/scripted, foreach: { items: "${{ inputs.items }}", on-item-failure: continue }, with: { n: "${{ item }}" } } }\n';

const openStore = (file: string): SqliteStore => new SqliteStore(new InlineConnection({ file, durability: 'normal', newStoreId: () => 'abcdefgh' }));

describe('a damaged store', () => {
  let folder: string;
  let whole: string;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-salvage-'));
    whole = path.join(folder, 'whole.db');
    const store = openStore(whole);
    await store.open({ anchor: anchorAt(at), random: 0.5 });
    await store.configure({ queues: [], env: {} });
    for (const version of ['v1', 'v2', 'v3']) {
      const items = JSON.stringify({ items: Array.from({ length: itemCount }, (_, n) => `${version}-${n}-${'x'.repeat(200)}`) });
      const { runId } = await store.createRun({ workflow: 'test', version, text, inputs: items, now: at });
      while ((await store.fanOut({ stepId: runId, now: at, limit: itemCount })).kind === 'more');
    }
    const { jobs } = await store.claim({ queue: 'default', limit: 100, now: at });
    const outcomes = jobs.slice(0, 90).map(({ jobId, attempt }, index): SettleParams => ({
      jobId,
      attempt,
      endedAt: at + 5,
      outcome: index % 3 === 0 ? { kind: 'dead', error: { kind: 'status', cause: '400', message: 'No.', status: 400 } } : { kind: 'succeeded', output: '"done"' },
    }));
    await store.settle({ outcomes }).stored;
    await store.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** How many jobs a sound store has afterwards. */
  const salvaged = async (name: string, bytes: Buffer): Promise<number | 'nothing'> => {
    const state = path.join(folder, name);
    mkdirSync(state);
    writeFileSync(path.join(state, 'store.db'), bytes);
    try {
      const { jobs, lostJobs } = salvageInto(state, `${state}.aside`);
      const store = openStore(path.join(state, 'store.db'));
      await store.open({ anchor: anchorAt(at + 10_000), random: 0.5 });
      await store.configure({ queues: [], env: {} });
      const checks = await store.check();
      const { jobs: dead } = await store.listJobs({ state: 'dead', limit: 2000 });
      assert.equal(dead.filter(({ error }) => error?.cause === 'lost by damage').length, lostJobs, name);
      await store.close();
      assert.deepEqual(checks.filter(({ ok }) => !ok), [], name);
      return Object.values(jobs).reduce((sum, count) => sum + count, 0);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      assert.equal(error.code, 'store-unavailable');
      assert.ok(readFileSync(path.join(state, 'store.db')).equals(bytes), 'it was changed');
      return 'nothing';
    }
  };

  it('gives all of its jobs if nothing is damaged (control)', async () => {
    assert.equal(await salvaged('control', readFileSync(whole)), 3 * itemCount);
  });

  it('becomes a sound one, whichever pages are damaged, or is left as it is', async () => {
    const random = seededRandom(3);
    let saved = 0;
    let gone = 0;
    for (let round = 0; round < rounds; round++) {
      const bytes = readFileSync(whole);
      const pages = Math.floor(bytes.length / pageBytes);
      for (let n = 0; n <= round % 3; n++) {
        // The first page is the way to all others.
        const page = 1 + Math.floor(random() * (pages - 1));
        for (let offset = page * pageBytes; offset < (page + 1) * pageBytes; offset++) bytes[offset] = random() * 256;
      }
      const result = await salvaged(`round-${round}`, bytes);
      if (result === 'nothing') gone++;
      else saved += result;
    }
    assert.ok(gone <= rounds / 4, `${gone} of ${rounds} gave nothing`);
    assert.ok(saved > (rounds - gone) * itemCount * 2, `${saved} jobs in ${rounds - gone} stores`);
  });

  it('is not read at all where its first page is gone', async () => {
    const bytes = readFileSync(whole);
    bytes.fill(7, 0, pageBytes);
    assert.equal(await salvaged('first-page', bytes), 'nothing');
  });
});
