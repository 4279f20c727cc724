import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import { UsageError } from './exit-code.ts';

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean; readonly setRawMode?: (isRaw: boolean) => unknown };
export type InterruptSignal = 'SIGINT' | 'SIGTERM';

/** Where a command hears of Ctrl-C. As long as nobody listens, the process ends as the system has it. */
export interface Interrupts {
  listen(listener: (signal: InterruptSignal) => void): () => void;
}

/** Everything that a command has of the world outside, handed in so that a test can run it in its own process. */
export interface CommandIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: InputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly interrupts?: Interrupts;
  /** Milliseconds since 1970; the system's clock if it is missing. */
  readonly now?: () => number;
}

export type Format = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
/** Colours a text, or leaves it as it is if there are no colours. Colour never carries a meaning of its own. */
export type Style = (format: Format | undefined, text: string) => string;

/** How to write for the one who reads: what the renderers get beside the data. */
export interface View {
  /** Columns of the terminal; undefined in a pipe, if nothing is cut off. */
  readonly width: number | undefined;
  readonly style: Style;
  /** Milliseconds since 1970, for "3m ago". */
  readonly now: number;
  /** IANA name; the system's if it is missing. */
  readonly timeZone: string | undefined;
}

const narrowest = 40;

export class Terminal {
  readonly io: CommandIo;

  constructor(io: CommandIo) {
    this.io = io;
  }

  /** What a reader of stdout gets. */
  get view(): View {
    return this.#viewOf(this.io.stdout);
  }

  /** What a reader of stderr gets: progress, notices, errors. */
  get errorView(): View {
    return this.#viewOf(this.io.stderr);
  }

  now(): number {
    return this.io.now?.() ?? Date.now();
  }

  out(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** A part of what `out` writes at once. Resolves when there is room for the next: a reader may be slow. */
  async write(text: string): Promise<void> {
    if (!this.io.stdout.write(text)) await once(this.io.stdout, 'drain');
  }

  err(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  /** A person sits at it and can be asked. */
  get canAsk(): boolean {
    return this.io.stdin.isTTY === true && this.io.stderr.isTTY === true;
  }

  /** Asks on stderr, so that stdout stays the command's own. Anything but yes is no, the end of the input too. */
  async confirm(question: string): Promise<boolean> {
    const output = new Writable({
      write: (chunk: Buffer | string, _encoding, done) => {
        this.io.stderr.write(chunk);
        done();
      },
    });
    const lines = createInterface({ input: this.io.stdin, output });
    try {
      const answer = await new Promise<string>((resolve) => {
        lines.once('close', () => resolve(''));
        lines.question(`${question} [y/N] `, resolve);
      });
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      lines.close();
    }
  }

  /** Asks for one line on stderr and shows nothing of what is typed; empty if the input ends, or is interrupted. */
  async askHidden(question: string): Promise<string> {
    // A terminal of its own, so that the system's doesn't echo; what it would draw goes nowhere.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: this.io.stdin, output: nowhere, terminal: true });
    this.io.stderr.write(`${question}: `);
    try {
      return await new Promise<string>((resolve) => {
        lines.once('close', () => resolve(''));
        lines.once('line', resolve);
      });
    } finally {
      lines.close();
      this.io.stderr.write('\n');
    }
  }

  /** All of stdin as text. @throws UsageError where it brings more than `maxBytes`: it may have no end */
  async readInput(maxBytes: number): Promise<string> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.io.stdin) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      length += bytes.length;
      if (length > maxBytes) throw new UsageError(`stdin brings more than ${maxBytes} bytes.`);
    }
    const decoded = decodeText(Buffer.concat(chunks));
    if (!decoded.ok) throw new UsageError(`stdin ${decoded.problem}.`);
    return decoded.text;
  }

  #viewOf(stream: OutputStream): View {
    const hasColour = wantsColour(stream, this.io.env);
    return {
      width: stream.isTTY === true ? Math.max(narrowest, stream.columns ?? 80) : undefined,
      style: (format, text) => (hasColour && format !== undefined ? styleText(format, text, { validateStream: false }) : text),
      now: this.now(),
      timeZone: this.io.env.TZ === '' ? undefined : this.io.env.TZ,
    };
  }
}

/** As of no-color.org and force-color.org: FORCE_COLOR wins over NO_COLOR, both over what the stream is. */
export function wantsColour(stream: OutputStream, env: NodeJS.ProcessEnv): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return stream.isTTY === true && env.TERM !== 'dumb';
}
