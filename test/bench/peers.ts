import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findPostgres } from '../support/postgres-installation.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, BenchOptions, Figure } from './figure.ts';
import type { ContenderOptions } from './peers/contender.ts';
import { ContenderProcesses } from './peers/contender-process.ts';
import { installPeers, withRedis, type PeerRedis, type RedisSync } from './peers/peer-servers.ts';
import { processorUsOf } from './processor-time.ts';
import { median } from './sample.ts';

/** Who is measured, in the order of their turns. */
interface Entry {
  readonly name: string;
  readonly kind: ContenderOptions['kind'];
  readonly on: 'nothing' | 'postgres' | RedisSync;
  readonly durability?: 'full' | 'normal';
  readonly processes?: number;
}

const versions = (JSON.parse(readFileSync(path.join(import.meta.dirname, 'peers', 'package.json'), 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> }).dependencies;
const embedded: Entry = { name: 'Sluice, embedded, full', kind: 'sluice', on: 'nothing', durability: 'full' };
const shared: Entry = { name: 'Sluice on Postgres, 1 daemon', kind: 'sluice', on: 'postgres' };
const two: Entry = { name: 'Sluice on Postgres, 2 daemons', kind: 'sluice', on: 'postgres', processes: 2 };
const graphile: Entry = { name: `graphile-worker ${versions['graphile-worker']}`, kind: 'graphile-worker', on: 'postgres' };
const boss: Entry = { name: `pg-boss ${versions['pg-boss']}`, kind: 'pg-boss', on: 'postgres' };
const bullPostgres: Entry = { name: `BullMQ ${versions['bullmq']} on Postgres`, kind: 'bullmq', on: 'postgres' };
const bullEverySecond: Entry = { name: `BullMQ ${versions['bullmq']}, Redis syncs once a second`, kind: 'bullmq', on: 'everysec' };
const bullAlways: Entry = { name: `BullMQ ${versions['bullmq']}, Redis syncs every write`, kind: 'bullmq', on: 'always' };
const entries: readonly Entry[] = [
  embedded,
  { name: 'Sluice, embedded, normal', kind: 'sluice', on: 'nothing', durability: 'normal' },
  shared,
  two,
  { name: 'Sluice on Postgres, 4 daemons', kind: 'sluice', on: 'postgres', processes: 4 },
  graphile,
  boss,
  bullPostgres,
  bullEverySecond,
  bullAlways,
];

const warmUpJobs = 3000;
const acceptedJobs = 50_000;
const concurrencies = [1, 10, 100] as const;
const full = { rounds: 3, starts: 100, jobs: { 1: 5000, 10: 15_000, 100: acceptedJobs }, many: 1_000_000, manyRun: 20_000, rateSeconds: 10, idleSeconds: 10 };
const quick = { rounds: 1, starts: 30, jobs: { 1: 1000, 10: 5000, 100: 20_000 }, many: 100_000, manyRun: 10_000, rateSeconds: 4, idleSeconds: 5 };
const few = 10_000;
const ratePerSecond = 1000;
/** Connected, and nothing to do: what comes once is over. */
const settleMs = 3000;

interface Server {
  readonly url?: string;
  readonly redis?: PeerRedis;
}

interface Run extends BenchOptions {
  /** Of a contender; see `withBuiltDaemon`. */
  readonly program: string;
  readonly postgres: PostgresServer | undefined;
}

/** What a contender has shown in one turn. */
interface Turn {
  readonly perSecond: Readonly<Record<(typeof concurrencies)[number], number>>;
  readonly acceptMs: number;
  readonly startMs: number;
  readonly processorUs: number;
  /** Of Postgres, for each job; undefined if it has another server. */
  readonly serverUs: number | undefined;
  readonly peakMb: number;
}

/** Sluice beside what others would take, in turns on the same machine and the same servers. */
export const peers: Bench = async (options) => {
  const missing = installPeers(options.progress);
  for (const sentence of missing) options.progress(sentence);
  const postgres = findPostgres() === undefined ? undefined : await PostgresServer.start({ settings: { shared_buffers: '256MB', max_wal_size: '4GB', max_connections: 200 } });
  const can = (entry: Entry): boolean => (entry.kind === 'sluice' || !missing.some((one) => one.includes('packages'))) && (entry.on === 'nothing' || (entry.on === 'postgres' ? postgres !== undefined : !missing.some((one) => one.includes('Redis is'))));
  try {
    return await withBuiltDaemon(async ({ contender: program }) => {
      const run = { ...options, program, postgres };
      return [
        ...missing.map((note): Figure => ({ what: 'left out', value: 1, unit: 'servers', note })),
        ...speedFigures(await takeTurns(entries.filter(can), run)),
        ...(await manyPending([embedded, shared, graphile, boss, bullPostgres, bullEverySecond].filter(can), run)),
        ...(await exactRate([embedded, shared, two, bullPostgres, bullEverySecond].filter(can), run)),
        ...(await idleQueries([shared, two, graphile, boss, bullPostgres, bullEverySecond].filter(can), run)),
      ];
    });
  } finally {
    await postgres?.dispose();
  }
};

/** A database or a Redis of its own, and none of it afterwards. */
async function withServer<Value>({ on }: Entry, { postgres }: Run, work: (server: Server) => Promise<Value>): Promise<Value> {
  if (on === 'nothing') return work({});
  if (on !== 'postgres') return withRedis(on, (redis) => work({ url: redis.url, redis }));
  if (postgres === undefined) throw new Error('there is no Postgres');
  const { url } = await postgres.newDatabase();
  return work({ url });
}

function withContender<Value>(entry: Entry, run: Run, work: (contender: ContenderProcesses, server: Server) => Promise<Value>, more: Partial<ContenderOptions> = {}): Promise<Value> {
  const { kind, durability, processes = 1 } = entry;
  return withServer(entry, run, (server) =>
    ContenderProcesses.with(run.program, { kind, ...(server.url === undefined ? {} : { url: server.url }), ...(durability === undefined ? {} : { durability }), ...more }, processes, (contender) => work(contender, server)),
  );
}

async function takeTurns(contenders: readonly Entry[], run: Run): Promise<ReadonlyMap<Entry, readonly Turn[]>> {
  const { progress } = run;
  const { rounds, starts, jobs } = run.quick ? quick : full;
  const turns = new Map<Entry, Turn[]>(contenders.map((entry) => [entry, []]));
  for (let round = 0; round < rounds; round++) {
    // Each begins once in another place, so that nobody always follows the same one.
    for (const entry of [...contenders.slice(round), ...contenders.slice(0, round)]) {
      const turn = await withContender(entry, run, async (contender): Promise<Turn> => {
        await contender.accept(warmUpJobs);
        await contender.run(warmUpJobs, 100);
        const startMs = median(await contender.starts(starts));
        const perSecond = { 1: 0, 10: 0, 100: 0 };
        for (const concurrency of [1, 10] as const) {
          await contender.accept(jobs[concurrency]);
          ({ perSecond: perSecond[concurrency] } = await contender.run(jobs[concurrency], concurrency));
        }
        const acceptMs = await contender.accept(acceptedJobs);
        const server = entry.on === 'postgres' && process.platform === 'linux' ? run.postgres?.pid : undefined;
        const before = server === undefined ? 0 : processorUsOf(server);
        const ran = await contender.run(jobs[100], 100);
        return { ...ran, perSecond: { ...perSecond, 100: ran.perSecond }, acceptMs, startMs, serverUs: server === undefined ? undefined : (processorUsOf(server) - before) / jobs[100] };
      });
      turns.get(entry)?.push(turn);
      progress(`round ${round + 1} of ${rounds}: ${entry.name}: ${concurrencies.map((one) => Math.round(turn.perSecond[one])).join(' / ')} jobs/s, ${Math.round(turn.acceptMs)} ms to accept, ${turn.startMs.toFixed(1)} ms to start`);
    }
  }
  return turns;
}

function speedFigures(turns: ReadonlyMap<Entry, readonly Turn[]>): readonly Figure[] {
  const each = (what: string, unit: string, value: (turn: Turn) => number, notes: Readonly<Record<string, string>> = {}): readonly Figure[] =>
    [...turns].map(([entry, some]) => ({ what: `${what}: ${entry.name}`, value: median(some.map(value)), unit, ...(notes[entry.kind] === undefined ? {} : { note: notes[entry.kind] }) }));
  /** Round by round, since a machine can be twice as fast in one minute as in the next. */
  const share = (what: string, of: Entry, than: Entry, value: (turn: Turn) => number, target?: Figure['target']): readonly Figure[] => {
    const [some, others] = [turns.get(of) ?? [], turns.get(than) ?? []];
    if (some.length === 0 || others.length === 0) return [];
    return [{ what: `… ${what}: ${of.name}, of ${than.name}`, value: median(some.map((turn, round) => (value(turn) / value(others[round] ?? turn)) * 100)), unit: '%', ...(target === undefined ? {} : { target }) }];
  };
  const at = (concurrency: (typeof concurrencies)[number]) => (turn: Turn): number => turn.perSecond[concurrency];
  return [
    ...concurrencies.flatMap((concurrency) => each(`no-op jobs, concurrency ${concurrency}`, '/s', at(concurrency), concurrency === 100 ? { sluice: 'keeps every attempt', 'graphile-worker': 'local queue of 500, outcomes in batches', 'pg-boss': 'four workers, batches of 1,000' } : {})),
    ...share('at 100', shared, graphile, at(100), { atLeast: 80 }),
    ...share('at 100', shared, boss, at(100), { atLeast: 100 }),
    ...share('at 100', shared, bullPostgres, at(100), { atLeast: 100 }),
    ...share('at 100', shared, bullEverySecond, at(100), { atLeast: 100 }),
    ...share('at 100', two, shared, at(100), { atLeast: 100 }),
    ...share('at 100', embedded, bullEverySecond, at(100), { atLeast: 300 }),
    ...share('at 100', embedded, graphile, at(100), { atLeast: 150 }),
    ...share('at 10', embedded, graphile, at(10), { atLeast: 100 }),
    ...share('at 1', embedded, graphile, at(1), { atLeast: 100 }),
    ...each('accept 50,000 jobs', 'ms', ({ acceptMs }) => acceptMs),
    ...share('to accept', embedded, graphile, ({ acceptMs }) => acceptMs, { atMost: 25 }),
    ...each('add to start, p50', 'ms', ({ startMs }) => startMs),
    ...share('add to start', embedded, bullAlways, ({ startMs }) => startMs, { atMost: 50 }),
    ...each('processor time of a job at 100, without the server', 'µs', ({ processorUs }) => processorUs),
    ...[...turns].flatMap(([entry, some]): readonly Figure[] => {
      const server = some.flatMap(({ serverUs }) => serverUs ?? []);
      return server.length === 0 ? [] : [{ what: `processor time of a job at 100, of Postgres: ${entry.name}`, value: median(server), unit: 'µs' }];
    }),
    ...each('memory of a process, peak', 'MB', ({ peakMb }) => peakMb),
  ];
}

async function manyPending(contenders: readonly Entry[], run: Run): Promise<readonly Figure[]> {
  const { progress } = run;
  const { many, manyRun } = run.quick ? quick : full;
  const figures: Figure[] = [];
  for (const entry of contenders) {
    const of = await withContender(entry, run, async (contender, { redis }) => {
      await contender.accept(few);
      const before = await contender.run(few / 2, 100);
      const acceptMs = await contender.accept(many);
      const after = await contender.run(manyRun, 100);
      return { share: (after.perSecond / before.perSecond) * 100, perSecond: (many / acceptMs) * 1000, peakMb: after.peakMb, redisMb: redis?.residentMb };
    });
    const name = `${many.toLocaleString('en-US')} pending: ${entry.name}`;
    progress(`${name}: ${of.share.toFixed(0)} % of the rate with ${few} pending; ${of.peakMb.toFixed(0)} MB`);
    figures.push(
      { what: name, value: of.share, unit: '%', note: `of its rate with ${few.toLocaleString('en-US')} pending, at 100`, ...(entry.kind === 'sluice' ? { target: { atLeast: 95 } } : {}) },
      { what: '… accepted', value: of.perSecond, unit: '/s' },
      { what: '… memory of its process, peak', value: of.peakMb, unit: 'MB', ...(of.redisMb === undefined ? {} : { note: `and ${of.redisMb.toFixed(0)} MB of Redis` }) },
    );
  }
  return figures;
}

async function exactRate(contenders: readonly Entry[], run: Run): Promise<readonly Figure[]> {
  const { progress } = run;
  const jobs = ratePerSecond * (run.quick ? quick : full).rateSeconds;
  const figures: Figure[] = [];
  for (const entry of contenders) {
    const ran = await withContender(entry, run, async (contender) => {
      await contender.accept(jobs);
      return contender.run(jobs, 100);
    }, { ratePerSecond });
    const name = `a rate of ${ratePerSecond.toLocaleString('en-US')}/s: ${entry.name}`;
    progress(`${name}: ${ran.perSecond.toFixed(0)}/s, ${ran.processorUs.toFixed(0)} µs a job`);
    figures.push({ what: name, value: (ran.perSecond / ratePerSecond) * 100, unit: '%', note: 'used' }, { what: '… processor time of a job, without the server', value: ran.processorUs, unit: 'µs' });
  }
  return figures;
}

/** Statements that its server gets while there is nothing to do. */
async function idleQueries(contenders: readonly Entry[], run: Run): Promise<readonly Figure[]> {
  const { progress } = run;
  const seconds = (run.quick ? quick : full).idleSeconds;
  const figures: Figure[] = [];
  // It writes each of them down, which nothing else that is measured should pay for.
  const postgres = contenders.some(({ on }) => on === 'postgres') ? await PostgresServer.start({ settings: { log_statement: 'all', max_connections: 200 } }) : undefined;
  try {
    for (const entry of contenders) {
      const value = await withContender(entry, { ...run, postgres }, async (contender, { redis }) => {
        const count = async (): Promise<number> => (redis === undefined ? statements((await postgres?.log()) ?? '') : redis.commands());
        await contender.accept(1);
        await contender.run(1, 10);
        await contender.idle();
        await delay(settleMs);
        const before = await count();
        await delay(seconds * 1000);
        return ((await count()) - before) / seconds / (entry.processes ?? 1);
      });
      progress(`idle: ${entry.name}: ${value.toFixed(1)} a second`);
      figures.push({ what: `queries while idle, a process: ${entry.name}`, value, unit: '/s', ...(entry.kind === 'sluice' ? { target: { atMost: 5 } } : {}) });
    }
  } finally {
    await postgres?.dispose();
  }
  return figures;
}

function statements(log: string): number {
  return log.match(/LOG: +(?:statement|execute [^:]*):/g)?.length ?? 0;
}
