import { constants, watch, type FSWatcher } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { stateFolderOf } from '../state/state-folder.ts';

const logFileName = 'daemon.log';
const chunkBytes = 64 * 1024;
/** No link, and no waiting for who writes into a pipe. Windows has neither flag. */
const readFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A watcher tells immediately, but not everywhere: network file systems say nothing. */
const lookEveryMs = 500;

/** Where reading ended, in which file. */
export interface LogPosition {
  readonly inode: number;
  readonly bytes: number;
}

/** The daemon's log, read from its file, so that it can be read when the daemon doesn't run and over its restarts. */
export class LogFile {
  readonly #path: string;

  constructor(projectFolder: string) {
    this.#path = path.join(stateFolderOf(projectFolder), logFileName);
  }

  /** The last `count` lines, oldest first; none if there is no log yet. Reads from the end, so a large log costs nothing. */
  async tail(count: number): Promise<{ readonly lines: readonly string[]; readonly end: LogPosition }> {
    const file = await open(this.#path, readFlags).catch(() => undefined);
    if (file === undefined) return { lines: [], end: { inode: 0, bytes: 0 } };
    try {
      const { size, ino } = await file.stat();
      let start = size;
      const chunks: Buffer[] = [];
      let breaks = 0;
      while (start > 0 && breaks <= count) {
        const length = Math.min(chunkBytes, start);
        start -= length;
        const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
        chunks.unshift(buffer);
        for (const byte of buffer) if (byte === 0x0a) breaks++;
      }
      const read = Buffer.concat(chunks);
      // A line that isn't finished yet is left to anyone who follows.
      const whole = read.subarray(0, read.lastIndexOf(0x0a) + 1);
      const lines = whole.toString('utf8').split('\n').filter((line) => line !== '');
      return { lines: lines.slice(-count), end: { inode: ino, bytes: start + whole.length } };
    } finally {
      await file.close();
    }
  }

  /**
   * Tells of each line that is written after `from`, or after now where that is missing. The file is kept open by its handle, so that what is written before
   * a rotation is read to its end, and then the new file from its beginning. Returns what ends it.
   */
  follow(onLine: (line: string) => void, from?: LogPosition): () => void {
    const follower = new LogFollower(this.#path, onLine, from);
    return () => follower.stop();
  }
}

class LogFollower {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  #file: FileHandle | undefined;
  #inode = 0;
  #position = 0;
  #decoder = new StringDecoder('utf8');
  #rest = '';
  #work: Promise<void>;
  #isQueued = false;
  #isStopped = false;

  constructor(file: string, onLine: (line: string) => void, from: LogPosition | undefined) {
    this.#path = file;
    this.#onLine = onLine;
    this.#work = this.#open(from ?? 'end').then(() => this.#readOn());
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    this.#watch();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
    void this.#work.finally(() => this.#file?.close());
  }

  #watch(): void {
    try {
      // The store's files are in this folder too, and change all the time.
      this.#watcher = watch(path.dirname(this.#path), (_event, name) => {
        if (name === null || name.startsWith(path.basename(this.#path))) this.#look();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The folder may not be there yet; looking from time to time is enough.
    }
  }

  #look(): void {
    if (this.#isQueued || this.#isStopped) return;
    this.#isQueued = true;
    this.#work = this.#work.then(async () => {
      this.#isQueued = false;
      await this.#readOn();
    });
  }

  async #open(at: 'start' | 'end' | LogPosition): Promise<void> {
    const file = await open(this.#path, readFlags).catch(() => undefined);
    if (file === undefined) return;
    // Before anything can fail, so that it is closed by anyone who stops this.
    this.#file = file;
    const { ino, size } = await file.stat();
    this.#inode = ino;
    // Another file is there by now: all of it is new.
    if (typeof at === 'object') this.#position = at.inode === ino ? at.bytes : 0;
    else this.#position = at === 'end' ? size : 0;
    this.#decoder = new StringDecoder('utf8');
    this.#rest = '';
  }

  async #readOn(): Promise<void> {
    if (this.#file === undefined) await this.#open('start');
    await this.#readToEnd();
    const now = await stat(this.#path).catch(() => undefined);
    if (now === undefined || this.#file === undefined) return;
    const isCutOff = now.ino === this.#inode && now.size < this.#position;
    if (now.ino === this.#inode && !isCutOff) return;
    // Between the last read and the rotation something may have been written.
    if (!isCutOff) await this.#readToEnd();
    await this.#file.close();
    this.#file = undefined;
    await this.#open('start');
    await this.#readToEnd();
  }

  async #readToEnd(): Promise<void> {
    const buffer = Buffer.alloc(chunkBytes);
    while (this.#file !== undefined && !this.#isStopped) {
      const { bytesRead } = await this.#file.read(buffer, 0, chunkBytes, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') this.#onLine(line);
    }
  }
}
