import { SingleBar } from 'cli-progress';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { progressOf, renderProgress, type ProgressSample } from './render/progress.ts';
import type { Terminal } from './terminal.ts';

/** So many samples are more than the window of the speed holds, at four a second. */
const keptSamples = 200;

/** A run's progress, on stderr and on a terminal only. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #bar: SingleBar | undefined;
  readonly #samples: ProgressSample[] = [];

  constructor(terminal: Terminal, isWanted: boolean) {
    this.#terminal = terminal;
    if (!isWanted || terminal.io.stderr.isTTY !== true) return;
    this.#bar = new SingleBar({
      format: '{bar} {text}',
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      // Ctrl-C is the command's own business: it has something to say.
      gracefulExit: false,
      stream: terminal.io.stderr,
    });
    this.#bar.start(1, 0, { text: '' });
  }

  show(run: RunDetail): void {
    if (this.#bar === undefined) return;
    this.#samples.push(progressOf(run, this.#terminal.now()));
    if (this.#samples.length > keptSamples) this.#samples.shift();
    const { total = 0, done = 0 } = this.#samples.at(-1) ?? {};
    this.#bar.setTotal(Math.max(1, total));
    this.#bar.update(done, { text: renderProgress(this.#samples) });
  }

  stop(): void {
    this.#bar?.stop();
  }
}
