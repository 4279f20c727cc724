import path from 'node:path';
import type { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import { DaemonLogFile } from './log-file.ts';
import { readableLine, safeLine } from './log-line.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../platform/system-clock.ts';
import { stateFolderOf } from '../state/state-folder.ts';

/** What an error goes into is `err`; names of other fields are free, and their values are masked. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the daemon's parts write to. No method throws or waits. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export type LogLevel = keyof Log;

export interface DaemonLogOptions {
  readonly projectFolder: string;
  /** Replaces the secrets in a text. Asked for each line, so it may change with the secrets. */
  readonly mask: (text: string) => string;
  /** Lines below it are left out; `info` where it is missing. */
  readonly level?: LogLevel;
  /** Readable lines go to stderr as well. */
  readonly toTerminal?: boolean;
  /** In place of stderr. */
  readonly terminal?: Writable;
  readonly clock?: Clock;
  /** Size in bytes at which a file is put aside (10 MiB), and the number of files in all (5). */
  readonly file?: { readonly bytes: number; readonly count: number };
}

/** Fields that are secret by their names, wherever their values come from. */
const secretFields = ['authorization', 'cookie', 'set-cookie', 'x-api-key', 'password', 'token'];

/**
 * The daemon's log: pino's JSON lines in `.sluice/state/daemon.log`, with all secrets masked, in files of a bounded size.
 *
 * Architecture invariant: logging never breaks what is logged about. A line that can't be written is dropped and counted; the count is
 * written when the file takes lines again.
 */
export class DaemonLog implements Log {
  readonly #pino: Logger;
  readonly #mask: (text: string) => string;
  readonly #file: DaemonLogFile;
  readonly #terminal: Writable | undefined;
  readonly #listeners = new Set<(line: string) => void>();
  readonly #ignoreError = (): void => undefined;
  #isWriting = false;

  constructor({ projectFolder, mask, level = 'info', toTerminal = false, terminal = process.stderr, clock = systemClock, file }: DaemonLogOptions) {
    this.#mask = mask;
    this.#file = new DaemonLogFile({
      path: path.join(stateFolderOf(projectFolder), 'daemon.log'),
      fileBytes: file?.bytes ?? 10 * 1024 * 1024,
      fileCount: file?.count ?? 5,
      clock,
    });
    this.#terminal = toTerminal ? terminal : undefined;
    // A terminal that has been closed would end the daemon otherwise.
    this.#terminal?.on('error', this.#ignoreError);
    const paths = secretFields.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]);
    this.#pino = pino(
      { level, base: { pid: process.pid }, timestamp: () => `,"time":${clock.now()}`, redact: { paths, censor: '***' } },
      { write: (line: string) => this.#write(line.trimEnd()) },
    );
  }

  debug(fields: LogFields, message: string): void {
    this.#log('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log('error', fields, message);
  }

  /** The last lines, oldest first; fewer where there are fewer, or where they are more than 8 MiB. Goes on into older files. */
  async tail(lines: number): Promise<string[]> {
    return this.#file.tail(lines);
  }

  /** Tells of each line, masked, as it is written. What a listener logs is written, but told to no listener. Returns what ends it. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when all that was logged so far is in the file, or is lost. */
  async flush(): Promise<void> {
    await this.#file.flush();
  }

  /** Flushes and closes. Idempotent; what is logged afterwards goes to the terminal only. */
  async stop(): Promise<void> {
    await this.#file.close();
    this.#listeners.clear();
  }

  #log(level: LogLevel, fields: LogFields, message: string): void {
    try {
      this.#pino[level](fields, message);
    } catch {
      // A field whose getter throws, say. The message alone is better than nothing.
      try {
        this.#pino[level](message);
      } catch {
        // Nothing is left to try.
      }
    }
  }

  #write(given: string): void {
    const line = safeLine(given, this.#mask);
    this.#file.write(line);
    if (this.#terminal !== undefined && !this.#terminal.destroyed) {
      try {
        this.#terminal.write(`${readableLine(line)}\n`);
      } catch {
        // It is in the file.
      }
    }
    if (this.#isWriting) return;
    this.#isWriting = true;
    for (const listener of this.#listeners) {
      try {
        listener(line);
      } catch {
        // Its own affair.
      }
    }
    this.#isWriting = false;
  }
}
