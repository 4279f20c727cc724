import { createHash } from 'node:crypto';
import pg from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresStore } from '../../daemon/store/postgres/postgres-store.ts';
import type { SettleParams } from '../../daemon/store/store.ts';
import { seededRandom } from '../fault/seeded-random.ts';
import { anchorAt } from '../support/anchor-at.ts';
import { mostInAWindow } from '../support/most-in-a-window.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import type { Bench, BenchOptions, Figure } from './figure.ts';
import { percentile } from './sample.ts';

const begin = Date.UTC(2026, 0, 5, 9);
const checkInMs = 10_000;
const rate = { limit: 50, perMs: 1000, burst: 5 } as const;
const concurrency = 20;
/** Daemons that look for work at a time, and how often. */
const claimants = 10;
const tickMs = 20;
const text = 'inputs: { n: { type: array } }\nsteps:\n  rated: { uses: webhook/send, queue: rated, foreach: { items: "${{ inputs.n }}", on-item-failure: continue }, with: { url: "http://127.0.0.1/" } }\n  limited: { uses: webhook/send, queue: limited, foreach: { items: "${{ inputs.n }}", on-item-failure: continue }, with: { url: "http://127.0.0.1/" } }\n';
const version = createHash('sha256').update(text).digest('hex').slice(0, 32);

/**
 * A hundred daemons on one Postgres: real stores with connections of their own, in one process, whose times are handed in. What they do is not carried out by engines, so it says what
 * they agree on and what that costs the server, and nothing of how fast they work.
 */
export const manyDaemons: Bench = async (options) => {
  const count = options.quick ? 20 : 100;
  const server = await PostgresServer.start({ fsync: false, settings: { max_connections: count * 3 + 20, shared_buffers: '128MB' } });
  const stores: PostgresStore[] = [];
  try {
    const { url, adminUrl } = await server.newDatabase();
    for (let number = 1; number <= count; number++) {
      const store = new PostgresStore({ url, schema: 'many', daemon: `daemon ${number}`, hasServerClock: false });
      stores.push(store);
      await store.open({ anchor: anchorAt(begin), random: 0.5 });
      await store.configure({ queues: [{ name: 'rated', rate }, { name: 'limited', concurrency }], env: {} });
    }
    options.progress(`${count} daemons share a store`);
    const { figures, alive } = await leaders(stores, options);
    return [...figures, ...(await limits(alive, options)), ...(await hints(alive, adminUrl, options))];
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await server.dispose();
  }
};

/** Whoever leads dies, three times. */
async function leaders(stores: readonly PostgresStore[], { progress }: BenchOptions): Promise<{ readonly figures: readonly Figure[]; readonly alive: readonly PostgresStore[] }> {
  let alive = stores;
  let now = begin;
  let most = 0;
  const withoutMs: number[] = [];
  const round = async (): Promise<PostgresStore | undefined> => {
    const standings = await Promise.all(alive.map((store) => store.checkIn({ now })));
    const leading = alive.filter((_, index) => standings[index]?.leads === true);
    most = Math.max(most, leading.length);
    return leading[0];
  };
  for (let death = 0; death < 3; death++) {
    const leader = await round();
    alive = alive.filter((store) => store !== leader);
    const diedAt = now;
    let next: PostgresStore | undefined;
    while (next === undefined) {
      now += checkInMs;
      next = await round();
    }
    withoutMs.push(now - diedAt);
  }
  progress(`${most} led at a time; after a death another one led within ${withoutMs.join(', ')} ms of their clock`);
  return {
    alive,
    figures: [
      { what: `${stores.length} daemons: leaders at a time, most`, value: most, unit: 'daemons', target: { atMost: 1 } },
      { what: '… without one after its death, longest', value: Math.max(...withoutMs) / 1000, unit: 's', target: { atMost: 40 }, note: 'of their clock; each checks in every 10 s' },
    ],
  };
}

/** Some of them claim at the same time, again and again, in seconds that are handed in. */
async function limits(stores: readonly PostgresStore[], { quick, progress }: BenchOptions): Promise<readonly Figure[]> {
  const seconds = quick ? 4 : 10;
  const random = seededRandom(1);
  const [first] = stores;
  if (first === undefined) throw new Error('nobody is left');
  let now = begin + 600_000;
  await first.createRun({ workflow: 'many', version, text, inputs: JSON.stringify({ n: Array.from({ length: rate.limit * seconds * 2 }, (_, n) => n) }), now });
  for (const stepId of [1, 2]) while ((await first.fanOut({ stepId, now, limit: 1000 })).kind === 'more');
  const starts: number[] = [];
  const from = now;
  const underWay = new Map<PostgresStore, SettleParams[]>(stores.map((store) => [store, []]));
  let mostUnderWay = 0;
  for (const until = now + seconds * 1000; now < until; now += tickMs) {
    // Each ends right after it has started.
    for (const [store, attempts] of underWay) {
      const ended = attempts.filter(({ endedAt }) => endedAt <= now);
      if (ended.length === 0) continue;
      await store.settle({ outcomes: ended }).stored;
      underWay.set(store, attempts.filter(({ endedAt }) => endedAt > now));
    }
    const some = new Set(Array.from({ length: claimants }, () => stores[Math.floor(random() * stores.length)] ?? first));
    await Promise.all([...some].map(async (store) => {
      const [rated, limited] = await Promise.all([store.claim({ queue: 'rated', limit: 10, now, shared: true }), store.claim({ queue: 'limited', limit: 10, now, shared: true })]);
      const outcome = { kind: 'succeeded', output: 'null' } as const;
      for (const [index, { jobId, attempt }] of rated.jobs.entries()) {
        const startAt = now + Math.max(0, rated.starts?.inMs[index] ?? 0);
        starts.push(startAt);
        underWay.get(store)?.push({ jobId, attempt, endedAt: Math.ceil(startAt), outcome, rated: true });
      }
      for (const { jobId, attempt } of limited.jobs) underWay.get(store)?.push({ jobId, attempt, endedAt: now + 1, outcome });
    }));
    const limitedNow = [...underWay.values()].flat().filter(({ rated }) => rated !== true).length;
    mostUnderWay = Math.max(mostUnderWay, limitedNow);
  }
  const most = mostInAWindow(starts, rate.perMs);
  const used = (starts.length / ((rate.limit * (now - from)) / rate.perMs)) * 100;
  progress(`${most} starts in a window of ${rate.limit}, ${used.toFixed(1)} % used; ${mostUnderWay} at a time of ${concurrency}`);
  return [
    { what: `a rate of ${rate.limit}/s, whoever claims: most in any window`, value: most, unit: 'starts', target: { atMost: rate.limit } },
    { what: '… used', value: used, unit: '%', target: { atLeast: 97 } },
    { what: `a concurrency of ${concurrency}, whoever claims: most at a time`, value: mostUnderWay, unit: 'jobs', target: { atMost: concurrency } },
  ];
}

/** One writes without a pause, and the others hear of it. */
async function hints(stores: readonly PostgresStore[], adminUrl: string, { quick, progress }: BenchOptions): Promise<readonly Figure[]> {
  const seconds = quick ? 3 : 10;
  const [writer, ...others] = stores;
  if (writer === undefined) throw new Error('nobody is left');
  const admin = new pg.Client(adminUrl);
  await admin.connect();
  const transactions = async (): Promise<number> => {
    const { rows } = await admin.query<{ done: string }>('SELECT xact_commit + xact_rollback AS done FROM pg_stat_database WHERE datname = current_database()');
    return Number(rows[0]?.done);
  };
  const heardAfterMs: number[] = [];
  let changedAtMs = 0;
  for (const other of others) {
    other.onCommit(({ orders }) => {
      if (orders !== undefined) heardAfterMs.push(performance.now() - changedAtMs);
    });
  }
  // Servers count what a connection has done within a second of it.
  await delay(2000);
  const before = await transactions();
  const startedAtMs = performance.now();
  let writes = 0;
  for (let paused = true; performance.now() < startedAtMs + seconds * 1000; paused = !paused) {
    changedAtMs = performance.now();
    await writer.setQueue({ queue: 'limited', paused });
    writes++;
    await delay(1);
  }
  await delay(2000);
  const others1000 = ((await transactions()) - before - writes) / ((performance.now() - startedAtMs) / 1000);
  await admin.end();
  progress(`${(writes / seconds).toFixed(0)} changes a second by one of them lead to ${others1000.toFixed(0)} looks a second by ${others.length} others`);
  return [
    { what: 'looks a second of all, while one of them changes something all the time', value: others1000, unit: '/s', target: { atMost: 1500 }, note: `${(writes / seconds).toFixed(0)} changes a second` },
    { what: '… heard after the latest change, p95', value: percentile(heardAfterMs, 0.95), unit: 'ms', note: 'in one process with all of them' },
  ];
}
