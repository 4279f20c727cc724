import path from 'node:path';
import type { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../platform/system-clock.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { stateFolderOf } from '../state/state-folder.ts';
import { DaemonLogFile } from './log-file.ts';

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
  /** Lines below it are left out; `info` if it is missing. */
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

  /** The last lines, oldest first; fewer where there are fewer, or where they are more than 8 MiB. Continues into older files. */
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

/** A line is cut down to about this many characters: what is logged may quote what someone sent. */
const maxLineChars = 32 * 1024;
const shownChars = 4 * 1024;

type Mask = (text: string) => string;

/** pino's line without secrets, of a bounded length, and still JSON. */
function safeLine(line: string, mask: Mask): string {
  let masked: string;
  try {
    masked = mask(line);
    // A secret such as 17 or true can be in pino's own syntax, and what is left would be no JSON.
    if (masked !== line && parse(masked) === undefined) masked = JSON.stringify(maskedTree(parse(line) ?? { msg: masked }, mask));
  } catch {
    return JSON.stringify({ level: 50, time: timeIn(line), msg: 'a line was left out, because it could not be masked' });
  }
  return masked.length <= maxLineChars ? masked : cutDown(masked);
}

const levelWords: Readonly<Record<number, string>> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };
const ownFields = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/** A line for a person: `10:30:00 WARN  a request was refused  status=403`, with the stack of an error below. */
function readableLine(line: string): string {
  const entry = parse(line);
  if (entry === undefined) return printable(line);
  const { level, msg, err } = entry;
  const time = new Date(timeIn(line)).toLocaleTimeString('en-GB');
  const word = (typeof level === 'number' ? levelWords[level] : undefined) ?? 'LOG';
  const fields = Object.entries(entry)
    .filter(([name]) => !ownFields.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`);
  const head = `${time} ${word.padEnd(5)} ${[typeof msg === 'string' ? msg : '', ...fields].filter((part) => part !== '').join('  ')}`;
  return [printable(head), ...stackLines(err)].join('\n');
}

function stackLines(error: Json | undefined): string[] {
  if (!isJsonObject(error)) return [];
  const text = [error.stack, error.message].find((part) => typeof part === 'string');
  return typeof text === 'string' ? text.split('\n').map((part) => `  ${printable(part)}`) : [];
}

/** Texts from outside must not move the cursor, set the title, or worse. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}

function cutDown(line: string): string {
  const { level, time, msg } = parse(line) ?? {};
  const text = typeof msg === 'string' ? msg.slice(0, shownChars) : '';
  return JSON.stringify({ level: level ?? 30, time: time ?? timeIn(line), msg: text, cut: { chars: line.length, start: line.slice(0, shownChars) } });
}

function maskedTree(value: Json, mask: Mask): Json {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'number' || typeof value === 'boolean') {
    // Only a value that is the secret: its digits turn up in times and counts by chance.
    const masked = mask(String(value));
    return masked === String(value) || /\d/.test(masked) ? value : masked;
  }
  if (Array.isArray(value)) return value.map((child: Json) => maskedTree(child, mask));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => fixedFields.has(key) && typeof child === 'number' ? [key, child] : [mask(key), maskedTree(child, mask)]));
}

/** What readers of the log rely on, and what no secret gets into. */
const fixedFields = new Set(['level', 'time', 'pid']);

function parse(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function timeIn(line: string): number {
  const time = parse(line)?.time;
  return typeof time === 'number' && Number.isFinite(new Date(time).getTime()) ? time : 0;
}
