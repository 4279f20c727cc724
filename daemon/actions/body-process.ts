import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import { releaseBuffer } from '../platform/release-buffer.ts';
import { encodeBody, type BodyRequest, type EncodedOutput } from './body-output.ts';
import { textOf } from './http-answer.ts';
import { FrameReader, writeFrame } from './frame-reader.ts';

/** The body of an answer that is too large to be worked on between two turns of the event loop. */
export interface LargeBody extends Pick<BodyRequest, 'headers' | 'host' | 'field' | 'expected'> {
  /** Decompressed. Handed over: empty when the output is there. */
  readonly bytes: Buffer;
}

/** With the encoded output's bytes where `ok`. */
export type BodyReply = ({ readonly ok: true } & Omit<EncodedOutput, 'json'>) | { readonly ok: false; readonly message: string };

/** The body needs more memory to be read than the process has. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

/** Larger bodies are worked on in the process: smaller ones take some milliseconds. In bytes. */
export const largeBodyBytes = 262_144;

/** After a larger body the process ends immediately; one that starts with such a body is made for it. In bytes. */
const hugeBytes = 16_777_216;

/** Of what the process writes when it dies, in characters. */
const maxLastWords = 16_384;
/** V8's words when the heap has no more room. */
const outOfMemory = 'heap out of memory';

/** A sibling of this module in source and in `dist/`, as the store's worker is of its own. */
const program = fileURLToPath(new URL(`./body-program${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** Of JSON of 64 MB, records take some 350 MB, and a list of empty lists 1,040 MB. */
const defaultHeapMb = 1024;

export interface BodyProcessOptions {
  /** V8's heap in the process at most, in megabytes; 1,024 if omitted. */
  readonly heapMb?: number;
  /** A Node, or an Electron, which is one when told so. */
  readonly execPath?: string;
}

interface Work {
  readonly request: BodyRequest;
  readonly bytes: Buffer;
  readonly resolve: (output: EncodedOutput) => void;
  readonly reject: (error: Error) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Decodes, parses, masks and encodes large bodies in a process of its own, one at a time. It starts with the first of them; `stop` ends it until the next one.
 *
 * A process and not a thread, because V8 ends the whole process when a thread reaches the limit of its heap while it parses JSON: 64 MB of `{},{},` take
 * 1.4 GB. If this process dies, only the body that it was working on fails, and the next one gets a new process. Bodies are worked on here, and hold up
 * everything else, where the process can't be run: it is an old daemon's, and its program or its Node has been replaced by a newer version, say.
 */
export class BodyProcess {
  readonly #heapMb: number;
  readonly #execPath: string;
  #waiting: Work[] = [];
  #current: Work | undefined;
  #child: Child | undefined;

  constructor({ heapMb = defaultHeapMb, execPath = process.execPath }: BodyProcessOptions = {}) {
    this.#heapMb = heapMb;
    this.#execPath = execPath;
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * `output`, `secrets`: see `BodyRequest`.
   * @throws BodyTooLargeError, MachineTroubleError if this machine has no memory for it, Error if the body can't be worked on
   */
  encode(output: string, { bytes, ...rest }: LargeBody, secrets: readonly string[]): Promise<EncodedOutput> {
    const { promise, resolve, reject } = Promise.withResolvers<EncodedOutput>();
    this.#waiting.push({ request: { ...rest, secrets, output }, bytes, resolve, reject });
    this.#next();
    return promise;
  }

  /** Ends the process, and gives back its memory; what it was to work on fails. Idempotent. */
  stop(): void {
    const error = new Error('the daemon stopped');
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#end(this.#child, error);
  }

  #next(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) return;
    const { request, bytes } = this.#current;
    this.#child ??= this.#start(bytes.length);
    if (this.#child?.pid !== undefined) writeFrame(this.#child.stdin, request, bytes);
  }

  /** Undefined if it can't be started. */
  #start(bytes: number): Child | undefined {
    try {
      // What is parsed is young: with room for it, JSON of 50 MB takes an eighth less processor time. In megabytes.
      const semiSpaceMb = bytes > hugeBytes ? 64 : 8;
      const env = { ...process.env, ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }) };
      const child = spawn(this.#execPath, ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${this.#heapMb}`, `--min-semi-space-size=${semiSpaceMb}`, `--max-semi-space-size=${semiSpaceMb}`, program], { env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
      child.once('error', () => this.#end(child, 'not-run'));
      // If no process could be made, there may be no pipes either; `error` follows.
      if (child.pid !== undefined) this.#listen(child);
      return child;
    } catch {
      // This machine has too little of something.
      queueMicrotask(() => this.#fail('not-run'));
      return undefined;
    }
  }

  #listen(child: Child): void {
    const reader = new FrameReader((message, bytes) => this.#reply(message as BodyReply, bytes));
    child.stdout.on('data', (chunk: Buffer) => reader.read(chunk));
    let lastWords = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(0, maxLastWords)));
    // A pipe that breaks says that the process has ended, which is told by `close`.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => {});
    child.once('close', (_code, signal) => this.#end(child, signal === null && !lastWords.includes(outOfMemory) ? 'not-run' : this.#deathError(signal, lastWords)));
  }

  #reply(reply: BodyReply, json: Buffer): void {
    const work = this.#current;
    this.#current = undefined;
    if (work === undefined) return;
    // What it took for such a body would otherwise be kept while the daemon needs as much again to store the output. The next one costs less than a tenth of a body's time.
    if (work.bytes.length > hugeBytes) this.#endChild();
    if (reply.ok) {
      const { ok: _, ...told } = reply;
      releaseBuffer(work.bytes);
      work.resolve({ json, ...told });
    } else {
      work.reject(new Error(reply.message));
    }
    this.#next();
  }

  /** That process is of no more use. */
  #end(child: Child | undefined, why: Error | 'not-run'): void {
    if (child !== this.#child) return;
    this.#endChild();
    this.#fail(why);
  }

  #endChild(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #fail(why: Error | 'not-run'): void {
    const work = this.#current;
    this.#current = undefined;
    if (work === undefined) return;
    if (why === 'not-run') workHere(work);
    else work.reject(why);
    this.#next();
  }

  #deathError(signal: NodeJS.Signals | null, lastWords: string): Error {
    if (lastWords.includes(outOfMemory)) return new BodyTooLargeError(`its body takes more than ${this.#heapMb} MB of memory to read`);
    // Linux kills what takes the most memory when there is none left.
    if (signal === 'SIGKILL') return new MachineTroubleError('the process for large answers was killed, most likely by the system', 'ENOMEM');
    return new Error(`the process for large answers was ended by ${signal}`);
  }
}

function workHere({ request, bytes, resolve, reject }: Work): void {
  try {
    resolve(encodeBody(request, () => textOf(bytes, request.headers)));
  } catch (error) {
    reject(error instanceof Error ? error : new Error(String(error)));
  }
}
