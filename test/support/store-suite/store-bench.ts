import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AttemptOutcome, ClaimedJob, Committed, OpenResult, QueueDepth, SettleParams, Store } from '../../../daemon/store/store.ts';
import type { JobDetail, JobSummary } from '../../../schemas/protocol/job.ts';
import type { RunDetail } from '../../../schemas/protocol/run.ts';
import type { JobError } from '../../../schemas/protocol/shape.ts';
import { jobStates } from '../../../schemas/protocol/id.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { QueueDefinition } from '../../../schemas/workflow/model.ts';
import { anchorAt } from '../anchor-at.ts';

/** A store on what that folder names: opened again with the same folder, it has what the one before has kept. `daemon`: whose it is, if daemons share it. */
export type StoreInFolder = (folder: string, daemon?: string) => Store;

export const serverError: JobError = { kind: 'status', cause: '503', message: 'The other side is down.', status: 503 };
export const refused: JobError = { kind: 'status', cause: '400', message: 'The other side refuses.', status: 400 };

/** A store with the clock, the claims and the outcomes in the test's hand. `open()` first, `dispose()` last. */
export class StoreBench {
  now = Date.UTC(2026, 0, 5, 9, 0, 0);
  readonly folder: string;
  /** What `onCommit` has told since the store was opened, its `open` included. */
  commits: Committed[] = [];
  readonly #storeIn: () => Store;
  readonly #depths = new Map<string, QueueDepth>();
  #store: Store | undefined;

  /** `folder`: of the store that it shares as the daemon of that name. */
  constructor(storeIn: StoreInFolder, { folder = mkdtempSync(path.join(tmpdir(), 'sluice-store-')), daemon }: { readonly folder?: string; readonly daemon?: string } = {}) {
    this.folder = folder;
    this.#storeIn = () => storeIn(folder, daemon);
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('open the store first');
    return this.#store;
  }

  get last(): Committed {
    const last = this.commits.at(-1);
    if (last === undefined) throw new Error('nothing has been committed');
    return last;
  }

  async open(queues: readonly QueueDefinition[] = []): Promise<OpenResult> {
    this.#store = this.#storeIn();
    this.#store.onCommit((committed) => this.#note(committed));
    const opened = await this.#store.open({ anchor: anchorAt(this.now), random: 0.5 });
    this.#depths.clear();
    this.commits = [];
    this.#note(opened.committed);
    await this.#store.configure({ queues, env: {} });
    return opened;
  }

  /** As after a crash: nothing that was under way is heard of again. */
  async crash(queues: readonly QueueDefinition[] = []): Promise<OpenResult> {
    await this.store.close();
    return this.open(queues);
  }

  async dispose(): Promise<void> {
    await this.#store?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  depth(queue = 'default'): Omit<QueueDepth, 'name'> {
    const { pending, delayed, active, dead } = this.#depths.get(queue) ?? { pending: 0, delayed: 0, active: 0, dead: 0 };
    return { pending, delayed, active, dead };
  }

  async run(text: string, inputs: Json = {}, workflow = 'test', firstItems?: number): Promise<number> {
    const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const { runId } = await this.store.createRun({ workflow, version, text, inputs: JSON.stringify(inputs), now: this.now, ...(firstItems === undefined ? {} : { firstItems }) });
    return runId;
  }

  /** A run with one job in that queue. */
  async one(queue = 'default', extra = ''): Promise<number> {
    return this.run(`steps:\n  only: { uses: test/scripted, queue: ${queue}, with: { n: 1 }${extra} }\n`);
  }

  async claim(limit = 1000, queue = 'default'): Promise<readonly ClaimedJob[]> {
    const { jobs } = await this.store.claim({ queue, limit, now: this.now });
    return jobs;
  }

  /** The next job, which has to be there. */
  async next(queue = 'default'): Promise<ClaimedJob> {
    const [job] = await this.claim(1, queue);
    assert.ok(job, `nothing to claim in ${queue}`);
    return job;
  }

  async settle(job: Pick<ClaimedJob, 'jobId' | 'attempt'>, outcome: AttemptOutcome, extra: Partial<SettleParams> = {}): Promise<{ readonly accepted: boolean }> {
    const { refused } = await this.store.settle({ outcomes: [{ jobId: job.jobId, attempt: job.attempt, endedAt: this.now, outcome, ...extra }] }).stored;
    return { accepted: refused.length === 0 };
  }

  succeed(job: Pick<ClaimedJob, 'jobId' | 'attempt'>, output: Json = null): Promise<{ readonly accepted: boolean }> {
    return this.settle(job, { kind: 'succeeded', output: JSON.stringify(output) });
  }

  die(job: Pick<ClaimedJob, 'jobId' | 'attempt'>): Promise<{ readonly accepted: boolean }> {
    return this.settle(job, { kind: 'dead', error: refused });
  }

  retryIn(job: Pick<ClaimedJob, 'jobId' | 'attempt'>, delayMs: number, charged = true): Promise<{ readonly accepted: boolean }> {
    return this.settle(job, { kind: 'retry', dueAt: this.now + delayMs, charged, error: serverError });
  }

  /** Cancels a run of which nothing is under way. */
  async cancel(runId: number): Promise<void> {
    await this.store.cancelRun({ runId, now: this.now });
    await this.cascade();
  }

  /** Turns all items of all open fan-outs into jobs, but for those that are held. */
  async fanOut(limit = 500): Promise<void> {
    while (this.last.expanding.some(({ held }) => held !== true)) {
      for (const { stepId } of this.last.expanding) await this.store.fanOut({ stepId, now: this.now, limit });
    }
  }

  async cascade(limit = 1000): Promise<void> {
    while ((await this.store.cascade({ now: this.now, limit })).more);
  }

  async runDetail(runId: number): Promise<RunDetail> {
    const run = await this.store.getRun({ runId });
    assert.ok(run, `no run ${runId}`);
    return run;
  }

  /** The states of a run and of its steps. */
  async states(runId: number): Promise<Record<string, string>> {
    const { state, steps } = await this.runDetail(runId);
    return { run: state, ...Object.fromEntries(steps.map((step) => [step.id, step.state])) };
  }

  /** A run's jobs, oldest first. */
  async jobs(runId: number): Promise<JobSummary[]> {
    const jobs: JobSummary[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.store.listJobs({ runId, limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
      jobs.push(...page.jobs);
      if (page.next === undefined) return jobs.reverse();
      cursor = page.next;
    }
  }

  /** Their numbers, oldest first. */
  async ids(runId: number): Promise<number[]> {
    return (await this.jobs(runId)).map((job) => Number(job.id.slice(1)));
  }

  async jobStates(runId: number): Promise<string[]> {
    return (await this.jobs(runId)).map((job) => job.state);
  }

  async job(jobId: number): Promise<JobDetail> {
    const job = await this.store.getJob({ jobId });
    assert.ok(job, `no job ${jobId}`);
    return job;
  }

  /** The store's own check finds nothing, and the depths that it told are those of its jobs. */
  async assertSound(): Promise<void> {
    assert.deepEqual((await this.store.check()).filter(({ ok }) => !ok), []);
    const counted = new Map<string, number>();
    for (const state of jobStates) {
      for (let cursor: string | undefined; ;) {
        const page = await this.store.listJobs({ state, limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
        for (const { queue, waitsFor } of page.jobs) if (waitsFor === undefined) counted.set(`${queue} ${state}`, (counted.get(`${queue} ${state}`) ?? 0) + 1);
        if (page.next === undefined) break;
        cursor = page.next;
      }
    }
    for (const { name, ...depth } of this.#depths.values()) {
      for (const [state, told] of Object.entries(depth)) assert.equal(told, counted.get(`${name} ${state}`) ?? 0, `${state} jobs of ${name}`);
    }
  }

  #note(committed: Committed): void {
    this.commits.push(committed);
    for (const { arrived: _arrived, left: _left, ...depth } of committed.queues) this.#depths.set(depth.name, depth);
  }
}

/** `items` jobs in one foreach step `each`, with a step `after` behind it. `foreach` says what a failed item does. */
export function fanOut(foreach: string): string {
  return `
inputs: { list: { type: array } }
steps:
  each:
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", ${foreach} }
    with: { item: "\${{ item }}" }
  after: { needs: [each], uses: test/scripted, with: { n: 1 } }
`;
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
