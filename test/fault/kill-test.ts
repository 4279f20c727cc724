import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { DaemonEndedError, type DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, detailsOf, endOfRun, eventually, FaultProject, jobsOf, runsAtRest } from './fault-project.ts';
import { isOfCrash, KillEpochs, killCosts, type KillCost } from './kill-epochs.ts';
import { brokenPromises } from './kill-oracle.ts';
import { freshSeed, seededRandom } from './seeded-random.ts';

export interface KillTestOptions {
  /** Webhooks to deliver; a few hundred more come from runs whose acceptance a kill has left open. */
  readonly jobs: number;
  /** At random moments, besides one at each of `loadPoints`. */
  readonly kills: number;
  readonly seed?: number;
}

export interface KillTestResult {
  readonly seed: number;
  readonly jobs: number;
  readonly kills: readonly KillCost[];
  readonly requests: number;
  /** Requests of a job beyond its first. */
  readonly duplicates: number;
  readonly interrupted: number;
  /** Runs whose start was never answered, and how many of them exist all the same. */
  readonly unanswered: number;
  readonly unansweredKept: number;
  readonly mostCrashesOfAJob: number;
  readonly ms: number;
  /** Empty if all went well. */
  readonly broken: readonly string[];
}

const concurrency = 10;
/** Attempts that can be on disk as begun and not as ended: a place is free only when the outcome of its last attempt is on disk. */
const mostInFlight = concurrency;
const itemsPerRun = 50;
/** Arrivals among which a random kill falls, at least: fewer than a run has, and each daemon is given one. */
const leastLeft = 40;
/** How long a run is waited for before the next is started, in milliseconds. */
const nextRunMs = 300;
/** The longest that the receiver takes for an answer, in milliseconds. */
const slowestAnswerMs = 12;

/** Places that a daemon under load comes to, and how often it may come there before it dies there. */
const loadPoints: Readonly<Record<string, number>> = {
  'open-before-commit': 1,
  'open-after-commit': 1,
  'configure-before-commit': 1,
  'configure-after-commit': 1,
  'createRun-before-commit': 3,
  'createRun-after-commit': 3,
  'fanOut-before-commit': 3,
  'fanOut-after-commit': 3,
  'claim-before-commit': 30,
  'claim-after-commit': 30,
  'settle-before-commit': 30,
  'settle-after-commit': 30,
  'attempt-before-effect': 60,
  'attempt-after-effect': 60,
  'outcome-noted': 60,
};

const workflow = (source: string, url: string): string => `
inputs:
  label: { type: string }
  items: { type: array }
steps:
  deliver:
    queue: hooks
    foreach: { ${source}, key: "\${{ item.id }}", on-item-failure: fail }
    uses: webhook/send
    with:
      url: ${url}
      body: { item: "\${{ item.id }}" }
`;

/**
 * Delivers webhooks to a real server while the daemon is killed, by `kill -9`, again and again: at random moments, at its start, and
 * at named places. Half of the items come from one large CSV file, half from many small runs that are started all the while.
 */
export async function killTest({ jobs, kills, seed = freshSeed() }: KillTestOptions): Promise<KillTestResult> {
  const startedAtMs = performance.now();
  const random = seededRandom(seed);
  const sink = new HttpSink({ respond: async () => (await delay(random() * slowestAnswerMs), {}) });
  const { url } = await sink.start();
  const fileItems = Array.from({ length: Math.floor(jobs / 2) }, (_, index) => `file-${index}`);
  const project = await FaultProject.make({
    'queues.yaml': `queues:\n  hooks: { concurrency: ${concurrency} }\n`,
    'workflows/deliver.yaml': workflow('items: "${{ inputs.items }}"', url),
    'workflows/import.yaml': workflow('file: .sluice/items.csv', url),
    'items.csv': `id\n${fileItems.join('\n')}\n`,
  });
  const feeder = new Feeder(fileItems, Math.ceil((jobs - fileItems.length) / itemsPerRun));
  const epochs = new KillEpochs(sink);
  try {
    const plan = killPlan(kills, random);
    for (const [index, end] of plan.entries()) {
      const arrivals = (): number => sink.requests.length;
      // Spread over the work, so that the last kill still finds something to cut off.
      const left = Math.max(leastLeft, (jobs - arrivals()) / (plan.length - index));
      await liveAndDie({ project, feeder, epochs, end, random, arrivals, until: arrivals() + random() * left, share: (index + 1) / plan.length });
    }
    epochs.begin();
    const daemon = await project.start();
    await feeder.feed(daemon.client, 1);
    const outcome = await aftermath(daemon.client, feeder);
    await assertSound(daemon.client);
    await daemon.stop();
    await epochs.end('stop');

    const costs = killCosts(epochs.epochs, outcome.jobs);
    const overBound = costs.filter(({ inFlight, duplicates, received }) => received > mostInFlight || duplicates > received || received > inFlight);
    const crashes = outcome.jobs.map(({ attempts }) => attempts.filter(isOfCrash).length);
    const delivered = new Set(sink.requests.map(({ headers }) => headers['webhook-id'])).size;
    return {
      seed,
      jobs: outcome.jobs.length,
      kills: costs.slice(0, -1),
      requests: sink.requests.length,
      duplicates: sink.requests.length - delivered,
      interrupted: crashes.reduce((sum, one) => sum + one, 0),
      unanswered: feeder.unanswered.length,
      unansweredKept: outcome.unansweredKept,
      mostCrashesOfAJob: crashes.reduce((most, one) => Math.max(most, one), 0),
      ms: performance.now() - startedAtMs,
      broken: [
        ...brokenPromises({ ...outcome, requests: sink.requests, accepted: feeder.accepted }),
        ...outcome.jobs.filter(({ state }) => state !== 'succeeded').map(({ id, state, error }) => `${id} is ${state}: ${error?.message ?? ''}`),
        ...overBound.map((cost) => `${cost.end}: ${JSON.stringify(cost)}`),
      ],
    };
  } catch (error) {
    const log = (await project.log()).split('\n').slice(-12).join('\n');
    throw new Error(`seed ${seed}; the daemon's log ends with:\n${log}`, { cause: error });
  } finally {
    await project.dispose();
    await sink.stop();
  }
}

/** Random kills between the named ones, in an order that the seed decides. */
function killPlan(kills: number, random: () => number): string[] {
  const plan = [
    ...Array.from({ length: kills }, () => 'kill'),
    ...Object.entries(loadPoints).map(([name, most]) => `${name}:${1 + Math.floor(random() * most)}`),
  ];
  return plan
    .map((end) => ({ end, order: random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ end }) => end);
}

interface Life {
  readonly project: FaultProject;
  readonly feeder: Feeder;
  readonly epochs: KillEpochs;
  readonly end: string;
  readonly random: () => number;
  readonly arrivals: () => number;
  /** Arrivals after which a random kill comes. */
  readonly until: number;
  readonly share: number;
}

/** One daemon from its start to its violent end. */
async function liveAndDie({ project, feeder, epochs, end, random, arrivals, until, share }: Life): Promise<void> {
  epochs.begin();
  const daemon = project.launch(end === 'kill' ? {} : { failPoint: end });
  if (end === 'kill' && random() < 0.2) {
    // While it starts, opens its store, or recovers.
    await delay(random() * 400);
    await daemon.kill();
  } else {
    const work = workWith(daemon, (client) => (end === 'kill' ? feeder.feed(client, share) : feeder.feedUntilGone(client)));
    if (end === 'kill') {
      await eventually(`${until} arrivals`, () => (arrivals() >= until ? true : undefined));
      await delay(random() * 30);
      await daemon.kill();
    } else {
      await daemon.end();
    }
    await work;
  }
  await daemon.dispose();
  await epochs.end(end);
}

async function workWith(daemon: DaemonProcess, work: (client: DaemonClient) => Promise<void>): Promise<void> {
  try {
    await work(await daemon.ready());
  } catch (error) {
    if (!(error instanceof DaemonEndedError)) throw error;
  }
}

/** Starts runs, and knows which of them were accepted. */
class Feeder {
  readonly accepted = new Map<string, readonly string[]>();
  /** Labels of runs that may or may not exist. */
  readonly unanswered: string[] = [];
  readonly #fileItems: readonly string[];
  readonly #runs: number;
  #started = 0;
  #imported = false;

  constructor(fileItems: readonly string[], runs: number) {
    this.#fileItems = fileItems;
    this.#runs = runs;
  }

  /** Starts that share of all runs, and one more, unless the daemon goes away before. */
  async feed(client: DaemonClient, share: number): Promise<void> {
    if (!(await this.#import(client))) return;
    const wanted = Math.max(this.#started + 1, share * this.#runs);
    while (this.#started < wanted && (await this.#deliver(client)) !== undefined);
  }

  /** One run after the other, so that every place in the daemon is come to at last. */
  async feedUntilGone(client: DaemonClient): Promise<void> {
    const gone = client.closed.then(() => undefined);
    if (!(await this.#import(client))) return;
    for (let id = await this.#deliver(client); id !== undefined; id = await this.#deliver(client)) {
      await Promise.race([endOfRun(client, id).catch(() => undefined), gone, delay(nextRunMs)]);
    }
  }

  async #import(client: DaemonClient): Promise<boolean> {
    this.#imported ||= (await this.#start(client, 'import', 'file', this.#fileItems)) !== undefined;
    return this.#imported;
  }

  async #deliver(client: DaemonClient): Promise<string | undefined> {
    const label = `run-${this.#started}-${this.unanswered.length}`;
    const items = Array.from({ length: itemsPerRun }, (_, index) => `${label}-${index}`);
    const id = await this.#start(client, 'deliver', label, items);
    if (id !== undefined) this.#started++;
    return id;
  }

  async #start(client: DaemonClient, id: string, label: string, items: readonly string[]): Promise<string | undefined> {
    try {
      const inputs = id === 'import' ? { label } : { label, items: items.map((item) => ({ id: item })) };
      const run = await client.call('run/start', { workflow: id, inputs });
      this.accepted.set(run.id, items);
      return run.id;
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'unreachable') throw error;
      this.unanswered.push(label);
      return undefined;
    }
  }
}

/** Everything in the store, once all of it has come to rest. */
async function aftermath(client: DaemonClient, feeder: Feeder): Promise<{ runs: RunDetail[]; jobs: Awaited<ReturnType<typeof detailsOf>>; unansweredKept: number }> {
  const runs = await runsAtRest(client, 300_000);
  const jobs = await detailsOf(client, await jobsOf(client));
  return { runs, jobs, unansweredKept: runs.filter(({ id }) => !feeder.accepted.has(id)).length };
}
