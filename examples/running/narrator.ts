import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

export interface NarratorStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const terminalEveryMs = 120;
const pipeEveryMs = 4_000;

/** Says what happens: lines that stay, and one line of progress that is redrawn on a terminal and now and then said in a pipe. */
export class Narrator {
  readonly #stream: NarratorStream;
  #shown = '';
  #lastProgressAt = 0;

  constructor(stream: NarratorStream = process.stdout) {
    this.#stream = stream;
  }

  /** Says nothing. */
  static silent(): Narrator {
    return new Narrator({ write: () => undefined });
  }

  get width(): number {
    const { columns = 0 } = this.#stream;
    // Some terminals don't know, and say 0.
    return this.#isTerminal ? Math.max(40, columns === 0 ? 80 : columns) : 100;
  }

  style(format: Format, text: string): string {
    return this.#isTerminal && process.env.NO_COLOR === undefined ? styleText(format, text, { validateStream: false }) : text;
  }

  line(text = ''): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  title(text: string): void {
    this.line();
    this.line(this.style('bold', text));
  }

  /** What happens now, or has just happened. */
  event(text: string, format?: Format): void {
    for (const line of wrap(text, this.width - 3)) this.line(`  ${format === undefined ? line : this.style(format, line)}`);
  }

  /** A command as a person types it. */
  typed(command: string): void {
    this.line(`  ${this.style('cyan', `$ ${command}`)}`);
  }

  /** What a command answered. */
  answered(text: string): void {
    const lines = text.trimEnd().split('\n').flatMap((line) => wrap(line, this.width - 5));
    for (const line of lines) this.line(`    ${this.style('dim', line)}`);
  }

  /** How far it is. May be called as often as something arrives. */
  progress(text: () => string): void {
    const now = performance.now();
    if (now - this.#lastProgressAt < (this.#isTerminal ? terminalEveryMs : pipeEveryMs)) return;
    this.#lastProgressAt = now;
    const line = `  ${text()}`;
    if (!this.#isTerminal) {
      this.#stream.write(`${line}\n`);
      return;
    }
    this.#clear();
    this.#shown = line.slice(0, this.width - 1);
    this.#stream.write(this.style('yellow', this.#shown));
  }

  /** Takes the line of progress away. */
  #clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#stream.write('\r\u001b[2K');
  }

  get #isTerminal(): boolean {
    return this.#stream.isTTY === true && process.env.TERM !== 'dumb';
  }
}

/** `█████░░░░░` */
export function bar(done: number, total: number, width = 20): string {
  const full = Math.round((Math.min(done, total) / Math.max(1, total)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** Breaks a text between words into lines; the second and those behind it are set in a little. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)?.[0] ?? '';
  const hanging = `${line}  `;
  for (const word of text.trim().split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hanging;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}
