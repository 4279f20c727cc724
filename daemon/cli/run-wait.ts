import { setTimeout as delay } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { isRunEnded } from '../../schemas/protocol/id.ts';
import type { TopicState } from '../../schemas/protocol/subscription.ts';
import { type ProgressSample, progressOf, renderProgress } from './render/runs.ts';
import type { Terminal } from './terminal.ts';

/** How long a daemon may be away, for a restart, before waiting for it is given up. */
const awayLimitMs = 60_000;
const retryMs = 100;

export interface RunWait {
  readonly id: string;
  /** The connection that started the run. */
  readonly client: DaemonClient;
  /** Another one when that is lost; undefined as long as no daemon answers. */
  readonly reconnect: () => Promise<DaemonClient | undefined>;
  readonly onChange: (run: RunDetail) => void;
  /** Ends the waiting; the run continues. */
  readonly signal: AbortSignal;
}

/** Waits until a run has ended, its on-failure steps too; over restarts of the daemon. Undefined if `signal` came first. */
export async function waitForRun(wait: RunWait): Promise<RunDetail | undefined> {
  let client: DaemonClient | undefined = wait.client;
  while (!wait.signal.aborted) {
    client ??= await findDaemon(wait);
    if (client === undefined) return undefined;
    const end = await followRun(client, wait).catch((error: unknown) => {
      if (error instanceof CodedError && (error.code === 'unreachable' || error.code === 'stopping')) return 'lost' as const;
      throw error;
    });
    if (end !== 'lost') return end;
    client = undefined;
  }
  return undefined;
}

async function followRun(client: DaemonClient, { id, onChange, signal }: RunWait): Promise<RunDetail | 'lost' | undefined> {
  const ended = Promise.withResolvers<RunDetail>();
  const receive = ({ run }: TopicState): void => {
    if (run === undefined) return;
    onChange(run);
    if (isRunEnded(run.state) && !run.closing) ended.resolve(run);
  };
  const aborted = Promise.withResolvers<undefined>();
  const abort = (): void => aborted.resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { snapshot } = await client.subscribe({ topic: 'run', id }, ({ change }) => receive(change));
    receive(snapshot);
    return await Promise.race([ended.promise, aborted.promise, client.closed.then(() => 'lost' as const)]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function findDaemon({ id, reconnect, signal }: RunWait): Promise<DaemonClient | undefined> {
  const deadlineMs = performance.now() + awayLimitMs;
  while (performance.now() < deadlineMs && !signal.aborted) {
    const client = await reconnect();
    if (client !== undefined) return client;
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
  if (signal.aborted) return undefined;
  throw new CodedError(
    'unreachable',
    `The daemon went away and did not come back within ${awayLimitMs / 1000} s. The run is kept: after \`sluice up\` it continues, and \`sluice run-show ${id}\` shows it.`,
  );
}

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
