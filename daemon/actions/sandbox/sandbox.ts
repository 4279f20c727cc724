import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '../../core/clock.ts';
import { FrameReader, writeFrame } from '../frame-reader.ts';
import type { SandboxReply, SandboxTask } from './sandbox-task.ts';

/** Processes at the same time; code of jobs rarely takes more than a millisecond. */
const maxProcesses = 2;
/** So long without work, and a process ends. In milliseconds. */
const idleMs = 10_000;
/** What code takes in wall time at most, by its limit of processor time: a machine can be busy, or hold up what QuickJS can't interrupt. */
const wallFactor = 3;
const wallExtraMs = 2_000;
/** V8's heap in a process, in megabytes; the memory of scripts is not in it. */
const heapMb = 128;

/** A sibling of this module in source and in `dist/`. */
const program = fileURLToPath(new URL(`./sandbox-program${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** `json`: where the reply is a success. */
export type SandboxEnding =
  | { readonly kind: 'reply'; readonly reply: SandboxReply; readonly json: string }
  /** It was ended because it took too long in wall time. */
  | { readonly kind: 'overdue' }
  | { readonly kind: 'aborted' }
  /** The process ended under it, or couldn't be started. */
  | { readonly kind: 'lost'; readonly why: string };

interface Work {
  readonly task: SandboxTask;
  readonly input: string;
  readonly signal: AbortSignal;
  readonly resolve: (ending: SandboxEnding) => void;
  readonly onAbort: () => void;
}

/**
 * Runs code of jobs in processes of their own, each one job at a time; they start with the first work, and end when there has been none for a while.
 *
 * Processes and not threads, because what is in native code can't be interrupted otherwise (`indexOf` over 2^32 holes takes a minute), and V8 ends the whole
 * process if a thread has no more heap in the wrong place. If a process dies, only the code that it was running fails. They have none of the daemon's
 * environment, and UTC as their time zone, so that code gives the same on every machine.
 */
export class Sandbox {
  readonly #clock: Clock;
  readonly #waiting: Work[] = [];
  readonly #processes = new Set<SandboxProcess>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of the processes that there are. */
  get pids(): readonly number[] {
    return [...this.#processes].flatMap(({ pid }) => pid ?? []);
  }

  /** `input`: JSON. Never rejects. Work waits for a free process, in its order. */
  run(task: SandboxTask, input: string, signal: AbortSignal): Promise<SandboxEnding> {
    const { promise, resolve } = Promise.withResolvers<SandboxEnding>();
    const work: Work = {
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

  #abort(work: Work): void {
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
  #start(): SandboxProcess | undefined {
    if (this.#processes.size >= maxProcesses || this.#isStopped) return undefined;
    const started = new SandboxProcess(this.#clock, {
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

interface SandboxProcessEvents {
  readonly onFree: () => void;
  /** Once. It takes no more work. */
  readonly onEnd: () => void;
}

class SandboxProcess {
  readonly #clock: Clock;
  readonly #events: SandboxProcessEvents;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #work: Work | undefined;
  #timer: Timer | undefined;
  #onAbort: (() => void) | undefined;
  #isEnded = false;

  constructor(clock: Clock, events: SandboxProcessEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMb}`, program], { env: environment(), stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    this.#child.once('error', (error) => this.end({ kind: 'lost', why: error.message }));
    // If no process could be made, there may be no pipes either; `error` follows.
    if (this.#child.pid === undefined) return;
    const reader = new FrameReader((reply, bytes) => this.#replied(reply as SandboxReply, bytes));
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

  run(work: Work): void {
    this.#work = work;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(work.task.limitMs * wallFactor + wallExtraMs, () => this.end({ kind: 'overdue' }));
    this.#onAbort = () => this.end({ kind: 'aborted' });
    work.signal.addEventListener('abort', this.#onAbort);
    if (this.#child.pid !== undefined) writeFrame(this.#child.stdin, work.task, Buffer.from(work.input));
  }

  /** Idempotent. */
  end(ending: SandboxEnding): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#child.kill('SIGKILL');
    this.#release()?.resolve(ending);
    this.#events.onEnd();
  }

  #replied(reply: SandboxReply, bytes: Buffer): void {
    const work = this.#release();
    if (reply.isSpent === true) this.end({ kind: 'aborted' });
    else this.#timer = this.#clock.setTimer(idleMs, () => this.end({ kind: 'aborted' }));
    work?.resolve({ kind: 'reply', reply, json: bytes.toString() });
    if (reply.isSpent !== true) this.#events.onFree();
  }

  #release(): Work | undefined {
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
