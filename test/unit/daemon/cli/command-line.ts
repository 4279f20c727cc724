import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { runCommand } from '../../../../daemon/cli/program.ts';
import type { InterruptSignal } from '../../../../daemon/cli/terminal.ts';

export interface CommandLineOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Columns of a terminal, which has 24 rows; a pipe if it is missing. */
  readonly columns?: number;
  readonly input?: string;
  readonly now?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class TextSink extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly rows = 24;
  text = '';
  readonly #written = new EventEmitter();

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    this.#written.emit('written');
    done();
  }

  /** Resolves as soon as the text holds what is looked for. */
  contains(part: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.text.includes(part)) return;
        this.#written.off('written', look);
        resolve();
      };
      this.#written.on('written', look);
      look();
    });
  }
}

/** The command in this process, with streams of its own. */
export class CommandLine {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly result: Promise<CommandResult>;
  readonly #listeners = new Set<(signal: InterruptSignal) => void>();
  readonly #stdin: PassThrough;

  constructor(argv: readonly string[], { cwd, env = {}, columns, input, now }: CommandLineOptions) {
    this.stdout = new TextSink(columns);
    this.stderr = new TextSink(columns);
    const stdin = Object.assign(new PassThrough(), { isTTY: columns !== undefined });
    this.#stdin = stdin;
    if (input !== undefined) stdin.end(input);
    const io = {
      stdout: this.stdout as unknown as NodeJS.WriteStream,
      stderr: this.stderr as unknown as NodeJS.WriteStream,
      stdin,
      env: { PATH: process.env.PATH, SLUICE_HOME: process.env.SLUICE_HOME, TZ: 'UTC', NO_COLOR: '1', ...env },
      cwd,
      interrupts: {
        listen: (listener: (signal: InterruptSignal) => void) => {
          this.#listeners.add(listener);
          return () => {
            this.#listeners.delete(listener);
          };
        },
      },
      ...(now === undefined ? {} : { now: () => now }),
    };
    this.result = runCommand(argv, io).then((code) => ({ code, stdout: this.stdout.text, stderr: stripVTControlCharacters(this.stderr.text) }));
  }

  /** Keys of a person, as a terminal sends them. */
  press(keys: string): void {
    this.#stdin.write(keys);
  }

  interrupt(signal: InterruptSignal = 'SIGINT'): void {
    for (const listener of [...this.#listeners]) listener(signal);
  }

  get isListening(): boolean {
    return this.#listeners.size > 0;
  }
}

export function sluice(argv: readonly string[], options: CommandLineOptions): Promise<CommandResult> {
  return new CommandLine(argv, options).result;
}
