import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import PQueue from 'p-queue';
import { syncFolder } from '../../../platform/sync-folder.ts';
import { systemCodeOf } from '../../../schemas/protocol/error.ts';
import type { Message } from '../../../schemas/wording/message.ts';
import { failPoint, hasFailPoint } from '../../platform/fail-point.ts';
import { type AppendJournal, writeAll } from './append-journal.ts';
import { CsvBeginning } from './csv-text.ts';
import type { OutputPlace } from './output-place.ts';

/** How a file is before something is appended. */
export interface FileEnd {
  readonly isEmpty: boolean;
  /** Its last line is a whole one. */
  readonly endsLine: boolean;
  readonly beginning: CsvBeginning;
}

export interface Addition {
  /** The job's: the same in all its attempts. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly signal: AbortSignal;
  /** What is appended, or why it can't be. */
  readonly textAt: (end: FileEnd) => string | Message;
}

export type Appended =
  /** `bytes`: the file's size. `isRepeat`: an earlier attempt had done it. */
  | { readonly kind: 'appended'; readonly bytes: number; readonly isRepeat: boolean }
  | { readonly kind: 'refused'; readonly problem: Message }
  /** Before anything was written. */
  | { readonly kind: 'aborted' };

interface Waiting extends Addition {
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

interface FileWork {
  readonly queue: PQueue;
  readonly waiting: Waiting[];
}

/** How far the heading of a CSV may go, in bytes. */
const beginningBytes = 65_536;
/** Additions that are written at a time, and their text together, in characters. */
const maxTogether = 1_000;
const maxTextTogether = 1_048_576;
const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Appends to files, each addition as a whole or not at all, and the same one once. What waits for the same file is written together, with one sync.
 *
 *     journal: what comes, synced -> file: written, synced -> journal: done
 *
 * A crash between the first two leaves a torn end, which the next append to that file removes: the journal says where it began and what it is a part of.
 */
export class FileAppender {
  readonly #journal: AppendJournal;
  readonly #files = new Map<string, FileWork>();

  constructor(journal: AppendJournal) {
    this.#journal = journal;
  }

  /** Resolves when it is on the disk. @throws an error of the file system; then nothing was appended */
  append(place: OutputPlace, addition: Addition): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const file = this.#work(place);
      file.waiting.push({ ...addition, resolve, reject });
      if (file.waiting.length === 1) void this.alone(place, () => this.#appendWaiting(place, file.waiting));
    });
  }

  /** Runs work on that file while nothing else is done to it here. */
  async alone<Result>(place: OutputPlace, work: () => Promise<Result>): Promise<Result> {
    const { queue, waiting } = this.#work(place);
    try {
      return await queue.add(work);
    } finally {
      if (queue.size === 0 && queue.pending === 0 && waiting.length === 0) this.#files.delete(place.file);
    }
  }

  /** A job that has appended to that file will not be tried again. */
  settle(place: OutputPlace, key: string): void {
    this.#journal.settle([keyIn(place, key)]);
  }

  /** When all that was asked for is done. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#files.values()].map(({ queue }) => queue.onIdle()));
    await this.#journal.stop();
  }

  #work({ file }: OutputPlace): FileWork {
    let work = this.#files.get(file);
    if (work === undefined) {
      work = { queue: new PQueue({ concurrency: 1 }), waiting: [] };
      this.#files.set(file, work);
    }
    return work;
  }

  /** Never rejects: those that wait are told. */
  async #appendWaiting(place: OutputPlace, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const together = waiting.slice(0, maxTogether);
      let handled: readonly Waiting[] = together;
      try {
        handled = await this.#appendTogether(place, together);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
      waiting.splice(0, handled.length);
    }
  }

  /** Gives those that it has told, from the first on. */
  async #appendTogether(place: OutputPlace, together: readonly Waiting[]): Promise<readonly Waiting[]> {
    await this.#journal.open();
    const { handle, isNew } = await openAt(place);
    try {
      const at = await this.#mend(place.path, handle);
      let end: FileEnd = await endOf(handle, at);
      let text = '';
      const keys = new Set<string>();
      const tell: (() => void)[] = [];
      let taken = 0;
      for (const one of together) {
        if (text.length > maxTextTogether) break;
        taken++;
        const key = keyIn(place, one.key);
        if (one.signal.aborted) {
          tell.push(() => one.resolve({ kind: 'aborted' }));
          continue;
        }
        if (keys.has(key) || this.#journal.has(key)) {
          tell.push(() => one.resolve({ kind: 'appended', bytes, isRepeat: true }));
          continue;
        }
        const addition = one.textAt(end);
        if (typeof addition !== 'string') {
          tell.push(() => one.resolve({ kind: 'refused', problem: addition }));
          continue;
        }
        keys.add(key);
        tell.push(() => one.resolve({ kind: 'appended', bytes, isRepeat: false }));
        if (addition === '') continue;
        text += addition;
        end = { isEmpty: false, endsLine: addition.endsWith('\n'), beginning: end.isEmpty ? new CsvBeginning(text.slice(0, beginningBytes), true) : end.beginning };
      }
      const content = Buffer.from(text);
      const bytes = at + content.length;
      if (keys.size > 0) await this.#write(place, handle, isNew, { at, text, content, keys: [...keys], time: together[0]?.time ?? 0 });
      for (const told of tell) told();
      return together.slice(0, taken);
    } finally {
      await handle.close();
    }
  }

  async #write({ path, folder }: OutputPlace, handle: FileHandle, isNew: boolean, { at, text, content, keys, time }: { readonly at: number; readonly text: string; readonly content: Buffer; readonly keys: readonly string[]; readonly time: number }): Promise<void> {
    await this.#journal.begin({ path, at, text, keys, time });
    failPoint('append-before-write');
    try {
      if (hasFailPoint) {
        // Where the half of equal rows is a whole row, it ends right before its line's end.
        await writeAll(handle, content.subarray(0, (content.length >> 1) - 1), at);
        failPoint('append-torn');
      }
      await writeAll(handle, content, at);
      failPoint('append-before-sync');
      await handle.sync();
      if (isNew) await syncFolder(folder);
    } catch (error) {
      // Where that fails too, the next append finds what is left.
      await handle.truncate(at);
      this.#journal.end(path, false);
      throw error;
    }
    this.#journal.end(path, true);
    failPoint('append-after-sync');
  }

  /** What a crash has left of the last append is removed, unless all of it is there. Gives the file's size. */
  async #mend(path: string, handle: FileHandle): Promise<number> {
    const { size } = await handle.stat();
    const doubtful = this.#journal.doubtful(path);
    if (doubtful === undefined) return size;
    const { at } = doubtful;
    const text = Buffer.from(doubtful.text);
    const tail = size <= at ? Buffer.alloc(0) : await readAt(handle, at, Math.min(size - at, text.length + 1));
    if (tail.length >= text.length && tail.subarray(0, text.length).equals(text)) {
      await handle.sync();
      this.#journal.end(path, true);
      return size;
    }
    const isTorn = tail.length > 0 && tail.length <= text.length && tail.every((byte, index) => byte === text[index] || byte === 0);
    if (isTorn) {
      await handle.truncate(at);
      await handle.sync();
    }
    this.#journal.end(path, false);
    return isTorn ? at : size;
  }
}

/** The file that has the place, or a new one. What was put there meanwhile is refused. */
async function openAt({ file, folder }: OutputPlace): Promise<{ readonly handle: FileHandle; readonly isNew: boolean }> {
  let handle: FileHandle;
  let isNew = false;
  try {
    handle = await open(file, constants.O_RDWR | noFollow);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow, 0o666);
    isNew = true;
  }
  try {
    const [opened, named] = await Promise.all([handle.stat({ bigint: true }), lstat(file, { bigint: true })]);
    if (!opened.isFile() || opened.ino !== named.ino || opened.dev !== named.dev || (await realpath(folder)) !== folder) throw new Error('it was replaced while it was opened');
    return { handle, isNew };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function endOf(handle: FileHandle, size: number): Promise<FileEnd> {
  if (size === 0) return { isEmpty: true, endsLine: true, beginning: new CsvBeginning('', true) };
  const [start, last] = await Promise.all([readAt(handle, 0, Math.min(size, beginningBytes)), readAt(handle, size - 1, 1)]);
  const text = size > beginningBytes ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(start, { stream: true }) : start.toString('utf8');
  return { isEmpty: false, endsLine: last[0] === 0x0a, beginning: new CsvBeginning(text, size <= beginningBytes) };
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Short, because many are kept. */
function keyIn({ path }: OutputPlace, key: string): string {
  return createHash('sha256').update(`${key} ${path}`).digest('base64url').slice(0, 24);
}
