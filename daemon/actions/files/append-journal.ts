import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../../platform/sync-folder.ts';

/** What is about to be appended to a file. */
export interface Append {
  /** From the project's folder, so that it stays right where that is moved. */
  readonly path: string;
  /** The size of the file before, in bytes. */
  readonly at: number;
  readonly text: string;
  /** Of the jobs whose text it is; see `AppendJournal.has`. */
  readonly keys: readonly string[];
  /** Milliseconds since the epoch. */
  readonly time: number;
}

type Line =
  | { readonly append: Append }
  /** It is in the file, for good. */
  | { readonly done: string }
  /** Nothing of it is in the file. */
  | { readonly undone: string }
  /** Their jobs will not be tried again. */
  | { readonly settled: readonly string[] }
  /** Known since then; from a compaction. */
  | { readonly known: string; readonly time: number };

interface Known {
  readonly time: number;
  isSettled: boolean;
}

/** A journal that is larger is written again with what still counts, in bytes. */
const compactBytes = 4 * 1_048_576;
/** Keys that stay known although their jobs have ended: what says so may be lost in a power cut. */
const keptKeys = 20_000;
/** Keys of jobs that never ended, such as cancelled ones, are forgotten after this, in milliseconds. */
const keptMs = 90 * 86_400_000;

/**
 * Which jobs have appended to files, so that a job that is tried again doesn't do it twice: a file of `.sluice/state/`, one JSON value a line.
 *
 * What is about to be appended is on the disk before the first byte of it is written. So whoever opens the journal after a crash knows which file may end in the middle of a line,
 * and what the beginning of that line is (`doubtful`). All that wait for the disk at the same time share one sync.
 */
export class AppendJournal {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #opening: Promise<void> | undefined;
  /** Whole lines that are on the disk, in bytes. */
  #bytes = 0;
  /** Beyond this it is compacted, in bytes. */
  #mostBytes = compactBytes;
  readonly #known = new Map<string, Known>();
  readonly #doubtful = new Map<string, Append>();
  #waiting: Line[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether the job of that key has appended what it had to. */
  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** Reads what is there. Idempotent. @throws an error of the file system */
  open(): Promise<void> {
    this.#opening ??= this.#read().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** What a crash has left of an append to that file: all of it, a part or nothing may have been written. Whoever asks says what became of it. */
  doubtful(path: string): Append | undefined {
    return this.#doubtful.get(path);
  }

  /** Resolves when it is on the disk. @throws an error of the file system; then nothing of it is there */
  begin(append: Append): Promise<void> {
    this.#waiting.push({ append });
    return this.#flush();
  }

  /** What was begun for that file is in it, and on the disk. Written soon, because a repeat would find it all the same. */
  end(path: string, isThere: boolean): void {
    const line: Line = isThere ? { done: path } : { undone: path };
    this.#apply(line);
    this.#writeSoon(line);
  }

  /** The jobs of these keys will not be tried again. */
  settle(keys: readonly string[]): void {
    this.#apply({ settled: keys });
    this.#writeSoon({ settled: keys });
  }

  /** When what is being written is on the disk. Idempotent. */
  async stop(): Promise<void> {
    await this.#last;
    await this.#close();
  }

  async #read(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const handle = await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      let bytes = 0;
      // A crash may have cut the last line; nothing of it has been acted on.
      for (const line of (await handle.readFile('utf8')).split('\n').slice(0, -1)) {
        const read = parse(line);
        if (read === undefined) break;
        this.#apply(read);
        bytes += Buffer.byteLength(line) + 1;
      }
      await handle.truncate(bytes);
      if (bytes === 0) await syncFolder(dirname(this.#path));
      this.#bytes = bytes;
      this.#handle = handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #apply(line: Line): void {
    if ('append' in line) {
      this.#doubtful.set(line.append.path, line.append);
      for (const key of line.append.keys) this.#known.set(key, { time: line.append.time, isSettled: false });
    } else if ('done' in line) {
      this.#doubtful.delete(line.done);
    } else if ('undone' in line) {
      for (const key of this.#doubtful.get(line.undone)?.keys ?? []) this.#known.delete(key);
      this.#doubtful.delete(line.undone);
    } else if ('settled' in line) {
      for (const key of line.settled) {
        const known = this.#known.get(key);
        if (known !== undefined) known.isSettled = true;
      }
    } else {
      this.#known.set(line.known, { time: line.time, isSettled: false });
    }
  }

  /** Without a sync of its own, and nobody waits for it. What can't be written goes with what comes next. */
  #writeSoon(line: Line): void {
    this.#waiting.push(line);
    this.#flush().catch(() => {});
  }

  #flush(): Promise<void> {
    if (this.#next === undefined) {
      const next = this.#last.then(() => this.#flushNow());
      this.#next = next;
      this.#last = next.catch(() => {});
    }
    return this.#next;
  }

  async #flushNow(): Promise<void> {
    this.#next = undefined;
    const lines = this.#waiting;
    this.#waiting = [];
    try {
      await this.open();
      const text = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await writeAll(this.#file, text, this.#bytes);
      if (lines.some((line) => 'append' in line)) await this.#file.datasync();
      this.#bytes += text.length;
      for (const line of lines) if ('append' in line) this.#apply(line);
    } catch (error) {
      await this.#handle?.truncate(this.#bytes).catch(() => {});
      this.#waiting = [...lines.filter((line) => !('append' in line)), ...this.#waiting];
      throw error;
    }
    // If it can't be made smaller now, it is tried again with the next line.
    if (this.#bytes > this.#mostBytes) await this.#compact().catch(() => {});
  }

  get #file(): FileHandle {
    if (this.#handle === undefined) throw new Error('the journal is not open');
    return this.#handle;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#opening = undefined;
    await handle?.close();
  }

  /** Written beside it, and then in its place. Where that fails on the way, it is read again. */
  async #compact(): Promise<void> {
    let newest = 0;
    for (const { time } of this.#known.values()) newest = Math.max(newest, time);
    let left = this.#known.size;
    for (const [key, { time, isSettled }] of this.#known) {
      if (left-- > keptKeys && (isSettled || time < newest - keptMs)) this.#known.delete(key);
    }
    const lines: Line[] = [...[...this.#known].map(([known, { time }]) => ({ known, time })), ...[...this.#doubtful.values()].map((append) => ({ append }))];
    const settled = [...this.#known].flatMap(([key, { isSettled }]) => (isSettled ? [key] : []));
    const text = Buffer.from([...lines, { settled }].map((line) => `${JSON.stringify(line)}\n`).join(''));
    const temporary = `${this.#path}.new`;
    const handle = await open(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      await writeAll(handle, text, 0);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    // Windows renames no file that is open.
    await this.#close();
    await rename(temporary, this.#path);
    await syncFolder(dirname(this.#path));
    this.#handle = await open(this.#path, constants.O_RDWR);
    this.#opening = Promise.resolve();
    this.#bytes = text.length;
    this.#mostBytes = Math.max(compactBytes, 2 * text.length);
  }
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

function parse(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}
