import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Clock, Timer } from '../core/clock.ts';
import { FrameReader, writeFrame } from './frame-reader.ts';

/** So long without work, and a process ends. In milliseconds. */
const idleMs = 10_000;

/** `bytes`: what stands beside the reply. */
export type PoolEnding<Reply> =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly bytes: Buffer }
  /** It was ended because it took longer than `wallMs`. */
  | { readonly kind: 'overdue' }
  | { readonly kind: 'aborted' }
  /** The process ended under it, or couldn't be started. */
  | { readonly kind: 'lost'; readonly why: string };

export interface ProcessPoolOptions<Task> {
  readonly clock: Clock;
  /** Runs one task after another, as frames come in, and answers each with a frame. After a reply that `isSpent` it ends itself. */
  readonly program: string;
  /** Processes at the same time. */
  readonly most: number;
  /** V8's heap in a process, in megabytes. */
  readonly heapMb: number;
  /** As of `os.setPriority`; that of the daemon if omitted. */
  readonly priority?: number;
  /** After so long in wall time the process is ended, in milliseconds. */
  readonly wallMs: (task: Task) => number;
}

interface Work<Task, Reply> {
  readonly task: Task;
  readonly input: string;
  readonly signal: AbortSignal;
  readonly resolve: (ending: PoolEnding<Reply>) => void;
  readonly onAbort: () => void;
}

/**
 * Processes that do work for jobs, each one piece at a time; they start with the first work, and end when there has been none for a while.
 *
 * Processes and not threads, because what is in native code can't be interrupted otherwise (`indexOf` over 2^32 holes, or a statement of SQLite), and V8 ends the
 * whole process if a thread has no more heap in the wrong place. If a process dies, only the work that it was doing fails. They have none of the daemon's
 * environment, and UTC as their time zone, so that they give the same on every machine.
 */
export class ProcessPool<Task extends object, Reply extends object> {
  readonly #options: ProcessPoolOptions<Task>;
  readonly #waiting: Work<Task, Reply>[] = [];
  readonly #processes = new Set<PooledProcess<Task, Reply>>();
  #isStopped = false;

  constructor(options: ProcessPoolOptions<Task>) {
    this.#options = options;
  }

  /** Of the processes that there are. */
  get pids(): readonly number[] {
    return [...this.#processes].flatMap(({ pid }) => pid ?? []);
  }

  /** `input`: what stands beside the task, in UTF-8. Never rejects. Work waits for a free process, in its order. */
  run(task: Task, input: string, signal: AbortSignal): Promise<PoolEnding<Reply>> {
    const { promise, resolve } = Promise.withResolvers<PoolEnding<Reply>>();
    const work: Work<Task, Reply> = {
      task,
      input,
      signal,
      onAbort: () => this.#abort(work),
      resolve: (ending) => {
        signal.removeEventListener('abort', work.onAbort);
        resolve(ending);
      },
    };
    if (signal.aborted || this.#isStopped) {
      resolve({ kind: 'aborted' });
      return promise;
    }
    signal.addEventListener('abort', work.onAbort);
    this.#waiting.push(work);
    this.#next();
    return promise;
  }

  /** What runs or waits ends as aborted. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ kind: 'aborted' });
    for (const process of this.#processes) process.end({ kind: 'aborted' });
  }

  #abort(work: Work<Task, Reply>): void {
    const at = this.#waiting.indexOf(work);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    work.resolve({ kind: 'aborted' });
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const free = [...this.#processes].find(({ isFree }) => isFree) ?? this.#start();
      const work = free && this.#waiting.shift();
      if (free === undefined || work === undefined) return;
      free.run(work);
    }
  }

  /** Undefined if there are enough. */
  #start(): PooledProcess<Task, Reply> | undefined {
    if (this.#processes.size >= this.#options.most || this.#isStopped) return undefined;
    const started: PooledProcess<Task, Reply> = new PooledProcess<Task, Reply>(this.#options, {
      onFree: () => this.#next(),
      onEnd: () => {
        this.#processes.delete(started);
        this.#next();
      },
    });
    this.#processes.add(started);
    return started;
  }
}

interface PooledProcessEvents {
  readonly onFree: () => void;
  /** Once. It takes no more work. */
  readonly onEnd: () => void;
}

class PooledProcess<Task extends object, Reply extends object> {
  readonly #options: ProcessPoolOptions<Task>;
  readonly #events: PooledProcessEvents;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #work: Work<Task, Reply> | undefined;
  #timer: Timer | undefined;
  #onAbort: (() => void) | undefined;
  #isEnded = false;

  constructor(options: ProcessPoolOptions<Task>, events: PooledProcessEvents) {
    this.#options = options;
    this.#events = events;
    const { program, heapMb, priority } = options;
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMb}`, program], { env: environment(), stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    this.#child.once('error', (error) => this.end({ kind: 'lost', why: error.message }));
    // If no process could be made, there may be no pipes either; `error` follows.
    if (this.#child.pid === undefined) return;
    if (priority !== undefined) lowerPriority(this.#child.pid, priority);
    const reader = new FrameReader((reply, bytes) => this.#replied(reply as Reply, bytes));
    this.#child.stdout.on('data', (chunk: Buffer) => reader.read(chunk));
    // A pipe that breaks says that the process has ended, which is told by `exit`.
    for (const pipe of [this.#child.stdin, this.#child.stdout]) pipe.on('error', () => {});
    this.#child.once('exit', (code, signal) => this.end({ kind: 'lost', why: signal ?? `exit code ${code}` }));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isFree(): boolean {
    return this.#work === undefined && !this.#isEnded;
  }

  run(work: Work<Task, Reply>): void {
    this.#work = work;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(this.#options.wallMs(work.task), () => this.end({ kind: 'overdue' }));
    this.#onAbort = () => this.end({ kind: 'aborted' });
    work.signal.addEventListener('abort', this.#onAbort);
    if (this.#child.pid !== undefined) writeFrame(this.#child.stdin, work.task, Buffer.from(work.input));
  }

  /** Idempotent. */
  end(ending: PoolEnding<Reply>): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#child.kill('SIGKILL');
    this.#release()?.resolve(ending);
    this.#events.onEnd();
  }

  #replied(reply: Reply, bytes: Buffer): void {
    const work = this.#release();
    const isSpent = 'isSpent' in reply && reply.isSpent === true;
    if (isSpent) this.end({ kind: 'aborted' });
    else this.#timer = this.#options.clock.setTimer(idleMs, () => this.end({ kind: 'aborted' }));
    work?.resolve({ kind: 'reply', reply, bytes });
    if (!isSpent) this.#events.onFree();
  }

  #release(): Work<Task, Reply> | undefined {
    const work = this.#work;
    this.#work = undefined;
    this.#timer?.cancel();
    if (this.#onAbort !== undefined) work?.signal.removeEventListener('abort', this.#onAbort);
    return work;
  }
}

/** Windows finds its own libraries by these. */
const kept = ['SystemRoot', 'windir'];

function environment(): NodeJS.ProcessEnv {
  const own = Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  return { ...own, TZ: 'UTC', ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }) };
}

/** A process that can't be found any more has ended, which is told by `exit`; a system that allows no change keeps what is. */
function lowerPriority(pid: number, priority: number): void {
  try {
    setPriority(pid, priority);
  } catch {
    // Nothing depends on it but fairness.
  }
}
