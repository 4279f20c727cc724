import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContenderNotice, ContenderOptions, ContenderQuestion } from './contender.ts';

type Told<Kind extends ContenderNotice['told']> = Extract<ContenderNotice, { readonly told: Kind }>;

/** How jobs ran, over all processes of a contender. */
export interface Ran {
  /** From the start of the first job to that of the last. */
  readonly perSecond: number;
  /** Processor time of the contender's processes for each job, without its server's, in microseconds. */
  readonly processorUs: number;
  /** Most resident memory of one of its processes, in MB. */
  readonly peakMb: number;
}

/** The processes of one contender, which share a server or are alone. */
export class ContenderProcesses {
  readonly #children: readonly OneProcess[];

  private constructor(children: readonly OneProcess[]) {
    this.#children = children;
  }

  /** `program`: see `withBuiltDaemon`. They are gone when `work` has ended. */
  static async with<Value>(program: string, options: Omit<ContenderOptions, 'process'>, processes: number, work: (contender: ContenderProcesses) => Promise<Value>): Promise<Value> {
    const children: OneProcess[] = [];
    // They are killed, so they remove nothing themselves.
    const folder = await mkdtemp(path.join(tmpdir(), 'sluice-bench-contender-'));
    try {
      // One after the other: the first makes the tables.
      for (let process = 1; process <= processes; process++) children.push(await OneProcess.start(program, { ...options, process }, folder));
      return await work(new ContenderProcesses(children));
    } finally {
      await Promise.all(children.map((child) => child.end()));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  get #first(): OneProcess {
    const [first] = this.#children;
    if (first === undefined) throw new Error('a contender has at least one process');
    return first;
  }

  /** How long it takes, in milliseconds. Nothing runs after it. */
  async accept(jobs: number): Promise<number> {
    await Promise.all(this.#children.map((child) => child.ask({ ask: 'pause' }, 'paused')));
    const { ms } = await this.#first.ask({ ask: 'accept', jobs }, 'accepted');
    return ms;
  }

  /** Until so many have started; whatever else is in the queue goes on being run. `concurrency` is each process's own. */
  async run(jobs: number, concurrency: number): Promise<Ran> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const latest = new Map<OneProcess, Told<'jobs'>>();
    for (const child of this.#children) {
      child.onJobs = (notice) => {
        latest.set(child, notice);
        if (sumOf(latest.values(), ({ count }) => count) >= jobs) resolve(undefined);
      };
      child.onFailure = reject;
    }
    await Promise.all(this.#children.map((child) => child.ask({ ask: 'begin', concurrency }, 'begun')));
    await promise;
    const all = [...latest.values()];
    const count = sumOf(all, (one) => one.count);
    const ms = Math.max(...all.map(({ lastAt }) => lastAt)) - Math.min(...all.map(({ firstAt }) => firstAt));
    return { perSecond: ((count - 1) / ms) * 1000, processorUs: sumOf(all, (one) => one.processorUs) / count, peakMb: Math.max(...all.map((one) => one.peakMb)) };
  }

  /** Waits for jobs, of which there are none. */
  async idle(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.ask({ ask: 'begin', concurrency: 10 }, 'begun')));
  }

  /** From asking for a job to its start, one at a time, in milliseconds. */
  async starts(count: number): Promise<readonly number[]> {
    const { ms } = await this.#first.ask({ ask: 'starts', count }, 'starts');
    return ms;
  }
}

class OneProcess {
  onJobs: (notice: Told<'jobs'>) => void = () => {};
  onFailure: (error: Error) => void = () => {};
  readonly #child: ChildProcess;
  #onTold: (notice: ContenderNotice) => void = () => {};

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (notice: ContenderNotice) => {
      if (notice.told === 'jobs') this.onJobs(notice);
      else this.#onTold(notice);
    });
    child.on('exit', (code, signal) => {
      this.#fail(`it ended (${signal ?? code ?? 'without a code'})`);
    });
  }

  /** `folder`: for its temporary files. */
  static async start(program: string, options: ContenderOptions, folder: string): Promise<OneProcess> {
    const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
    const child = new OneProcess(spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(options)], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await child.#told('ready');
    return child;
  }

  async ask<Kind extends ContenderNotice['told']>(question: ContenderQuestion, kind: Kind): Promise<Told<Kind>> {
    const answered = this.#told(kind);
    this.#child.send(question);
    return answered;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #told<Kind extends ContenderNotice['told']>(kind: Kind): Promise<Told<Kind>> {
    return new Promise((resolve, reject) => {
      this.#onTold = (notice) => {
        if (notice.told === 'failed') reject(new Error(notice.problem));
        else if (notice.told === kind) resolve(notice as Told<Kind>);
      };
      this.onFailure = reject;
    });
  }

  #fail(problem: string): void {
    this.onFailure(new Error(problem));
  }
}

function sumOf<Item>(items: Iterable<Item>, value: (item: Item) => number): number {
  return [...items].reduce((sum, item) => sum + value(item), 0);
}
