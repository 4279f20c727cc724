import { chmod, open } from 'node:fs/promises';
import path from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import type { Clock } from '../core/clock.ts';

export interface DaemonLogFileOptions {
  readonly path: string;
  /** A file of this size is put aside as `PATH.1`, that as `PATH.2`, and so on. */
  readonly fileBytes: number;
  /** Files in all; the oldest gives way. */
  readonly fileCount: number;
  readonly clock: Clock;
}

/** What waits for a disk that is slow; further lines are dropped. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** After a failure, writing is tried again when this time has passed. */
const retryMs = 5_000;
const chunkBytes = 64 * 1024;
const maxTailBytes = 8 * 1024 * 1024;

/** Lines in files of a bounded size, readable by their owner alone (mode 0600). A disk that is full costs lines, and nothing else. */
export class DaemonLogFile {
  readonly #options: DaemonLogFileOptions;
  #stream: RotatingFileStream | undefined;
  #retryAtMs = -Infinity;
  #lost = 0;
  #isClosed = false;

  constructor(options: DaemonLogFileOptions) {
    this.#options = options;
  }

  /** Never throws. */
  write(line: string): void {
    const stream = this.#isClosed ? undefined : this.#current();
    if (stream === undefined || stream.writableLength > maxWaitingBytes) {
      this.#lost++;
      return;
    }
    const lost = this.#lost;
    const notice = lost === 0 ? '' : `${JSON.stringify({ level: 40, time: this.#options.clock.now(), msg: `${lost} lines were lost here: the log could not be written` })}\n`;
    this.#lost = 0;
    stream.write(`${notice}${line}\n`, (error) => {
      if (error instanceof Error) this.#lost += lost + 1;
    });
  }

  async flush(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return;
    // Writes end in order. One that fails ends the stream, and with it those that wait.
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stream.off('close', done);
        resolve();
      };
      stream.on('close', done);
      stream.write('', done);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream === undefined || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      stream.once('close', () => resolve());
      stream.end();
    });
  }

  async tail(count: number): Promise<string[]> {
    await this.flush();
    let lines: string[] = [];
    let leftBytes = maxTailBytes;
    for (let index = 0; index < this.#options.fileCount && lines.length < count && leftBytes > 0; index++) {
      const name = index === 0 ? this.#options.path : `${this.#options.path}.${index}`;
      const read = await lastLines(name, count - lines.length, leftBytes);
      lines = [...read.lines, ...lines];
      leftBytes -= read.bytes;
    }
    return lines;
  }

  #current(): RotatingFileStream | undefined {
    if (this.#stream?.destroyed === false) return this.#stream;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs < this.#retryAtMs) return undefined;
    try {
      this.#stream = this.#open();
    } catch {
      this.#stream = undefined;
    }
    this.#retryAtMs = nowMs + retryMs;
    return this.#stream;
  }

  #open(): RotatingFileStream {
    const { path: file, fileBytes, fileCount } = this.#options;
    const stream = createStream(path.basename(file), {
      path: path.dirname(file),
      size: `${fileBytes}B`,
      rotate: Math.max(1, fileCount - 1),
      mode: 0o600,
    });
    // Not being able to log is nothing that could be logged; the lines are counted.
    stream.on('error', () => undefined);
    stream.on('warning', () => undefined);
    // The mode holds for a new file only.
    stream.on('open', () => void chmod(file, 0o600).catch(() => undefined));
    return stream;
  }
}

/** The last lines of a file, read from its end in chunks. A line that isn't finished is left out. */
async function lastLines(file: string, count: number, maxBytes: number): Promise<{ readonly lines: string[]; readonly bytes: number }> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return { lines: [], bytes: 0 };
  try {
    const { size } = await handle.stat();
    const chunks: Buffer[] = [];
    let start = size;
    let breaks = 0;
    while (start > 0 && breaks <= count && size - start < maxBytes) {
      const length = Math.min(chunkBytes, start);
      start -= length;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
      const chunk = buffer.subarray(0, bytesRead);
      chunks.unshift(chunk);
      for (const byte of chunk) if (byte === 0x0a) breaks++;
    }
    const read = Buffer.concat(chunks);
    // Where reading began within a line, its start is missing.
    const from = start === 0 ? 0 : read.indexOf(0x0a) + 1;
    const text = read.subarray(from, read.lastIndexOf(0x0a) + 1).toString('utf8');
    return { lines: text.split('\n').filter((line) => line !== '').slice(-count), bytes: size - start };
  } catch {
    return { lines: [], bytes: 0 };
  } finally {
    await handle.close().catch(() => undefined);
  }
}
