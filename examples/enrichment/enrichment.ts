import type { JobSummary } from '../../schemas/protocol/job.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { atMost, formatCount, formatMs, same, type Example, type ExampleContext, type ExampleReport, type Servers } from '../running/example.ts';
import { bar } from '../running/narrator.ts';
import { Stage, type Change } from '../running/stage.ts';
import { PeopleApi } from '../servers/people-api.ts';
import { Watch } from '../servers/watch.ts';

export interface EnrichmentSize {
  readonly contacts: number;
  /** The API's limit, and the queue's. */
  readonly limit: number;
  readonly perMs: number;
  /** As they are in the copy's queues.yaml. */
  readonly rate: string;
  readonly delays: string;
}

const full: EnrichmentSize = { contacts: 10_000, limit: 100, perMs: 60_000, rate: '100/min', delays: '[15s, 1m, 5m]' };
/** A minute is eight seconds. */
const small: EnrichmentSize = { contacts: 180, limit: 100, perMs: 8_000, rate: '{ limit: 100, per: 8s }', delays: '[2s, 8s, 40s]' };

const list = 'data/contacts.csv';
const concurrency = 10;
const failEvery = 40;
const latencyMs = 150;
const secrets = { PEOPLE_API: 'people-api-token-of-the-example' };

export const enrichment: Example<EnrichmentSize> = { name: 'enrichment', title: 'Enrichment: one paid call for each contact, and a kill -9 in the middle', full, small, run, serve };

async function run(size: EnrichmentSize, context: ExampleContext): Promise<ExampleReport> {
  const stage = await Stage.open(import.meta.dirname, context);
  try {
    const watch = new Watch();
    const api = makeApi(size, watch);
    const port = await api.service.start();
    stage.defer(() => api.service.stop());
    await stage.prepare({ changes: changesFor(size, port), secrets, files: { [list]: makeList(size.contacts) } });
    const { narrator } = context;
    narrator.event(`${formatCount(size.contacts)} contacts, one call each, at most ${formatCount(size.limit)} in ${formatMs(size.perMs)}. The API answers 429 to what comes faster, and charges for each call.`);
    watch.onNote(() => narrator.progress(() => progressOf(api, size)));
    return await carryOut(size, stage, { api, watch }, context);
  } finally {
    await stage.close();
  }
}

interface Services {
  readonly api: PeopleApi;
  readonly watch: Watch;
}

async function carryOut(size: EnrichmentSize, stage: Stage, { api, watch }: Services, { narrator }: ExampleContext): Promise<ExampleReport> {
  const pid = await stage.startDaemon();
  const ended = stage.runToEnd<RunDetail>(['enrich']);
  ended.catch(() => watch.note());

  // In the middle of it, and in the middle of some calls.
  await stage.until(Promise.race([ended, watch.when(() => api.lookUps >= size.contacts / 2 && api.service.open >= 2)]));
  process.kill(pid, 'SIGKILL');
  const inFlight = api.service.open;
  const before = api.lookUps;
  narrator.event(`kill -9 ${pid}: the daemon is dead, after ${formatCount(before)} calls and in the middle of ${inFlight}.`, 'red');
  await stage.startDaemon();
  const [queue] = (await stage.ask<QueueView[]>('queues')).filter(({ name }) => name === 'people');
  narrator.event(`It runs again. ${formatCount((queue?.depth.pending ?? 0) + (queue?.depth.delayed ?? 0))} contacts are still to do; the calls made before count in its rate.`);

  const report = await stage.until(ended);
  const jobs = await stage.ask<JobSummary[]>('jobs', '--limit', String(size.contacts + 10));
  return reportOf({ size, api, run: report, jobs, inFlight });
}

interface Outcome {
  readonly size: EnrichmentSize;
  readonly api: PeopleApi;
  readonly run: RunDetail;
  readonly jobs: readonly JobSummary[];
  /** Calls that were open when the daemon was killed. */
  readonly inFlight: number;
}

function reportOf({ size, api, run, jobs, inFlight }: Outcome): ExampleReport {
  const most = api.arrivals.mostIn(size.perMs);
  const window = formatMs(size.perMs);
  return {
    jobs: jobs.length,
    attempts: jobs.reduce((sum, { attemptCount }) => sum + attemptCount, 0),
    arrived: new Set(api.billed.values()).size,
    twice: api.repeats,
    limit: `${formatCount(size.limit)} in ${window}`,
    most: formatCount(most),
    fixed: [
      `kill -9 with ${inFlight} calls open: ${api.repeats} came again, charged once`,
      `the API answered 503 to ${api.failed} calls: repeated`,
    ],
    findings: [
      same('contacts that were looked up', new Set(api.billed.values()).size, size.contacts),
      same('calls that were charged', api.billed.size, size.contacts, `for ${formatCount(size.contacts)} contacts`),
      atMost('calls that came again after the kill', api.repeats, inFlight, `at most the ${inFlight} that were open`),
      same('contacts asked for with two different keys', api.contactsWithSeveralKeys, 0),
      same('calls in all', api.lookUps, size.contacts + api.failed + api.refusedByLimit + api.repeats, `with ${api.failed} that failed (503)`),
      atMost(`most in any ${window}, over the restart too`, most, size.limit, `limit ${formatCount(size.limit)}`),
      same('refused because they came too fast (429)', api.refusedByLimit, 0),
      atMost('most at a time', api.service.mostOpen, concurrency),
      { what: 'reported at the end', seen: JSON.stringify(api.report), ok: JSON.stringify(api.report) === JSON.stringify({ contacts: size.contacts, found: size.contacts }) },
      { what: 'the run', seen: run.state, ok: run.state === 'succeeded' },
    ],
  };
}

function progressOf(api: PeopleApi, size: EnrichmentSize): string {
  const done = api.billed.size;
  return `${bar(done, size.contacts)} ${formatCount(done)} of ${formatCount(size.contacts)} contacts; ${formatCount(api.lookUps)} calls, ${api.failed} failed, ${api.repeats} again`;
}

function makeApi({ limit, perMs }: EnrichmentSize, watch: Watch): PeopleApi {
  return new PeopleApi({ watch, token: secrets.PEOPLE_API, limit, perMs, failEvery, latencyMs });
}

function makeList(contacts: number): string {
  const rows = Array.from({ length: contacts }, (_, index) => `person${index + 1}@example.com,Person ${index + 1}\n`);
  return `email,name\n${rows.join('')}`;
}

function changesFor(size: EnrichmentSize, port: number): readonly Change[] {
  return [
    { file: '.sluice/workflows/enrich.yaml', from: '127.0.0.1:8084', to: `127.0.0.1:${port}` },
    { file: '.sluice/queues.yaml', from: full.rate, to: size.rate, isScaled: true },
    { file: '.sluice/queues.yaml', from: full.delays, to: size.delays, isScaled: true },
  ];
}

async function serve(): Promise<Servers> {
  const watch = new Watch();
  const api = makeApi(full, watch);
  await api.service.start(8084);
  return {
    secrets,
    tryThis: ['sluice run enrich --wait', 'sluice queues'],
    status: () => `${formatCount(api.lookUps)} calls, ${formatCount(api.billed.size)} charged, ${api.refusedByLimit} answered 429`,
    onNote: (listener) => watch.onNote(listener),
    stop: () => api.service.stop(),
  };
}
