import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { DaemonProcess, type DaemonProcessOptions } from '../support/daemon-process.ts';

const lookEveryMs = 20;
const pageSize = 1000;

/** A project folder with the daemons that it has had. `dispose` after each test. */
export class FaultProject {
  readonly folder: string;
  readonly #daemons: DaemonProcess[] = [];

  /** `files`: texts by their paths below `.sluice/`. */
  static async make(files: Readonly<Record<string, string>>): Promise<FaultProject> {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-fault-')));
    const project = new FaultProject(folder);
    await mkdir(path.join(folder, '.sluice'));
    for (const [name, text] of Object.entries(files)) await project.write(name, text);
    return project;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get stateFolder(): string {
    return path.join(this.folder, '.sluice', 'state');
  }

  get storeFile(): string {
    return path.join(this.stateFolder, 'store.db');
  }

  async write(name: string, text: string | Buffer): Promise<void> {
    const file = path.join(this.folder, '.sluice', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** A daemon that may end by itself before it is ready. */
  launch(options?: DaemonProcessOptions): DaemonProcess {
    const daemon = new DaemonProcess(this.folder, options);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** A daemon that is ready. */
  async start(options?: DaemonProcessOptions): Promise<DaemonProcess> {
    const daemon = this.launch(options);
    await daemon.ready();
    return daemon;
  }

  /** As if no daemon had ever been. */
  async clearState(): Promise<void> {
    await rm(this.stateFolder, { recursive: true, force: true });
  }

  async log(): Promise<string> {
    return readFile(path.join(this.stateFolder, 'daemon.log'), 'utf8').catch(() => '');
  }

  /** Resolves when that is in the log's file: a line comes into it some time after what it tells of can be seen. */
  async logged(words: RegExp): Promise<void> {
    await eventually(`the log has ${String(words)}`, async () => (words.test(await this.log()) ? true : undefined));
  }

  async dispose(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.dispose();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Looks again and again until `look` gives something; fails by name after `limitMs`. */
export async function eventually<Value>(what: string, look: () => Promise<Value | undefined> | Value | undefined, limitMs = 200_000): Promise<Value> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadlineMs) assert.fail(`${what}: not within ${limitMs} ms`);
    await delay(lookEveryMs);
  }
}

/** The run when it has ended, and its on-failure steps too. */
export async function endOfRun(client: DaemonClient, id: string, limitMs?: number): Promise<RunDetail> {
  return eventually(
    `the end of ${id}`,
    async () => {
      const run = await client.call('run/get', { id });
      return run.state === 'running' || run.closing ? undefined : run;
    },
    limitMs,
  );
}

/** All runs, once nothing is running: no run, no step of on-failure, no job that waits. */
export async function runsAtRest(client: DaemonClient, limitMs = 240_000): Promise<RunDetail[]> {
  await eventually(
    'rest',
    async () => {
      const { runs, queues } = await client.call('daemon/status', {});
      return runs.running === 0 && queues.every(({ depth }) => depth.pending + depth.delayed + depth.active === 0) ? true : undefined;
    },
    limitMs,
  );
  const { runs } = await client.call('run/list', { limit: pageSize });
  const details: RunDetail[] = [];
  for (const { id } of runs) details.push(await client.call('run/get', { id }));
  return details;
}

export async function jobsOf(client: DaemonClient, params: Params<'job/list'> = {}): Promise<JobSummary[]> {
  const jobs: JobSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('job/list', { ...params, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
  } while (cursor !== undefined);
  return jobs;
}

/** With their attempts; some at a time, as a connection takes so many calls at once. What was never attempted isn't asked for. */
export async function detailsOf(client: DaemonClient, jobs: readonly JobSummary[]): Promise<JobDetail[]> {
  const details: JobDetail[] = [];
  for (let from = 0; from < jobs.length; from += 20) {
    details.push(...(await Promise.all(jobs.slice(from, from + 20).map(async (job) => detailOf(client, job)))));
  }
  return details;
}

async function detailOf(client: DaemonClient, job: JobSummary): Promise<JobDetail> {
  if (job.attemptCount > 0) return client.call('job/get', { id: job.id });
  return { ...job, payload: null, idempotencyKey: '', revisions: [], attempts: [] };
}

/** What the call answers; undefined if the daemon went away before it did. */
export async function unlessGone<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'unreachable') return undefined;
    throw error;
  }
}

/** Sound pages, right counts, nothing stuck. */
export async function assertSound(client: DaemonClient): Promise<void> {
  const { checks } = await client.call('store/check', {});
  assert.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
}
