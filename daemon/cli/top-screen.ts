import { emitKeypressEvents, type Key } from 'node:readline';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { seriesResolutions } from '../../schemas/protocol/queue.ts';
import type { TopicState } from '../../schemas/protocol/subscription.ts';
import { messageOf } from './client-fault-text.ts';
import { oneLine } from './render/format.ts';
import { renderQueueLine, renderResumed } from './render/queues.ts';
import { historySteps, renderTop, topHelp, type TopFrame } from './render/top.ts';
import { renderWhy } from './render/why.ts';
import type { Terminal } from './terminal.ts';

export interface TopScreenOptions {
  readonly terminal: Terminal;
  /** The connection to begin with. */
  readonly client: DaemonClient;
  /** Another one where that is lost; undefined as long as no daemon answers. */
  readonly reconnect: () => Promise<DaemonClient | undefined>;
}

/** Ages and the clock move by themselves. In milliseconds. */
const redrawMs = 1000;
const activeEveryMs = 2000;
const { stepMs } = seriesResolutions['10s'];
/** Queues whose history is asked for: more do not fit a screen. */
const maxHistories = 40;
const keptLogLines = 200;

/** The screen of its own that a terminal can give to a program and take back; without a cursor. */
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';

/** `sluice top`: a screen that follows the daemon, over its restarts, until a key ends it. */
export class TopScreen {
  readonly #terminal: Terminal;
  readonly #reconnect: TopScreenOptions['reconnect'];
  #client: DaemonClient | undefined;
  #frame: TopFrame = { status: undefined, absence: undefined, selected: undefined, history: new Map(), active: [], log: [], overlay: undefined, footer: undefined };
  /** What a `y` does. */
  #asked: (() => Promise<void>) | undefined;
  #activeAt = -Infinity;
  #historyAt = -Infinity;
  readonly #ended = Promise.withResolvers<undefined>();
  #isOver = false;

  constructor({ terminal, client, reconnect }: TopScreenOptions) {
    this.#terminal = terminal;
    this.#client = client;
    this.#reconnect = reconnect;
  }

  /** Resolves when a person has ended it. The terminal is as it was then, whatever happens. */
  async run(): Promise<void> {
    const { stdin, stdout, interrupts } = this.#terminal.io;
    const onKey = (_text: string | undefined, key: Key): void => void this.#press(key).catch((error: unknown) => this.#tell(messageOf(error)));
    const onResize = (): void => this.#draw();
    const stopListening = interrupts?.listen(() => this.#end());
    emitKeypressEvents(stdin);
    stdin.setRawMode?.(true);
    stdin.on('keypress', onKey);
    stdin.resume();
    stdout.on('resize', onResize);
    stdout.write(enter);
    const redraw = setInterval(() => this.#draw(), redrawMs);
    try {
      await Promise.race([this.#follow(), this.#ended.promise]);
    } finally {
      this.#isOver = true;
      clearInterval(redraw);
      stopListening?.();
      stdout.off('resize', onResize);
      stdin.off('keypress', onKey);
      stdin.setRawMode?.(false);
      stdin.pause();
      stdout.write(leave);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#ended.resolve(undefined);
  }

  async #follow(): Promise<void> {
    while (!this.#isOver) {
      const client = this.#client ?? (await this.#reconnect());
      if (client === undefined) {
        this.#change({ absence: 'No daemon runs: what is shown is as it was. `sluice up` starts it.' });
        await new Promise((resolve) => setTimeout(resolve, redrawMs));
        continue;
      }
      this.#client = client;
      await this.#followOne(client).catch((error: unknown) => {
        if (!(error instanceof CodedError)) throw error;
        this.#change({ absence: messageOf(error) });
      });
      this.#client = undefined;
    }
  }

  async #followOne(client: DaemonClient): Promise<void> {
    const take = ({ status }: TopicState): void => {
      if (status === undefined) return;
      const { selected } = this.#frame;
      const isThere = status.queues.some(({ name }) => name === selected);
      this.#change({ status, absence: undefined, ...(isThere ? {} : { selected: status.queues[0]?.name }) });
      void this.#renew(client);
    };
    const { lines } = await client.call('log/tail', { lines: keptLogLines });
    this.#change({ log: lines });
    await client.subscribe({ topic: 'log' }, ({ change }) => this.#change({ log: [...this.#frame.log, ...(change.lines ?? [])].slice(-keptLogLines) }));
    const { snapshot } = await client.subscribe({ topic: 'status' }, ({ change }) => take(change));
    take(snapshot);
    await client.closed;
    this.#change({ absence: 'The daemon has gone; it is looked for again.' });
  }

  /** What isn't told by itself, where it is old: the selected queue's active jobs, and what the queues have done. */
  async #renew(client: DaemonClient): Promise<void> {
    const now = performance.now();
    const { selected, status } = this.#frame;
    try {
      if (selected !== undefined && now - this.#activeAt >= activeEveryMs) {
        this.#activeAt = now;
        const { jobs } = await client.call('job/list', { queue: selected, state: 'active', limit: 10 });
        if (this.#frame.selected === selected) this.#change({ active: jobs });
      }
      if (now - this.#historyAt >= stepMs) {
        this.#historyAt = now;
        const to = this.#terminal.now();
        const from = new Date(to - (historySteps + 1) * stepMs).toISOString();
        const names = (status?.queues ?? []).slice(0, maxHistories).map(({ name }) => name);
        const series = await Promise.all(names.map(async (queue) => [queue, (await client.call('queue/series', { queue, resolution: '10s', from })).points.map(({ completions }) => completions)] as const));
        this.#change({ history: new Map(series) });
      }
    } catch (error) {
      // The next look tries again; a connection that is lost is told elsewhere.
      if (!(error instanceof CodedError)) throw error;
    }
  }

  async #press({ name, sequence, ctrl = false }: Key): Promise<void> {
    const asked = this.#asked;
    if (ctrl && (name === 'c' || name === 'd')) {
      this.#end();
    } else if (asked !== undefined) {
      this.#asked = undefined;
      if (name === 'y') await asked();
      else this.#tell('Nothing was changed.');
    } else if (this.#frame.overlay !== undefined && name !== 'q') {
      this.#change({ overlay: undefined });
    } else {
      this.#change({ footer: undefined });
      await this.#obey(name ?? sequence);
    }
  }

  async #obey(key = ''): Promise<void> {
    switch (key) {
      case 'q':
        this.#end();
        break;
      case 'down':
      case 'j':
        this.#select(1);
        break;
      case 'up':
      case 'k':
        this.#select(-1);
        break;
      case 'h':
      case '?':
        this.#change({ overlay: topHelp });
        break;
      case 'p':
        this.#ask('Pause {queue}? No more of its jobs start; active ones finish. [y/N]', async (client, queue) => renderQueueLine(await client.call('queue/pause', { queue })));
        break;
      case 'r':
        this.#ask('Resume {queue}? [y/N]', async (client, queue) => renderResumed(await client.call('queue/resume', { queue }), this.#terminal.view));
        break;
      case 'w':
        await this.#showWhy();
    }
  }

  #select(by: number): void {
    const queues = this.#frame.status?.queues ?? [];
    const at = queues.findIndex(({ name }) => name === this.#frame.selected);
    const selected = queues[Math.min(queues.length - 1, Math.max(0, at + by))]?.name;
    if (selected === this.#frame.selected) return;
    this.#change({ selected, active: [] });
    this.#activeAt = -Infinity;
    if (this.#client !== undefined) void this.#renew(this.#client);
  }

  #ask(question: string, act: (client: DaemonClient, queue: string) => Promise<string>): void {
    const { selected } = this.#frame;
    const client = this.#client;
    if (selected === undefined || client === undefined) return;
    this.#asked = async () => this.#tell(await act(client, selected));
    this.#change({ footer: question.replace('{queue}', selected) });
  }

  async #showWhy(): Promise<void> {
    const { selected } = this.#frame;
    if (selected === undefined || this.#client === undefined) return;
    const why = await this.#client.call('why', { id: selected });
    this.#change({ overlay: `${renderWhy(why, this.#terminal.view)}\n\nAny key closes this.` });
  }

  #tell(text: string): void {
    this.#change({ footer: oneLine(text) });
  }

  #change(change: Partial<TopFrame>): void {
    this.#frame = { ...this.#frame, ...change };
    this.#draw();
  }

  /** In place: each line to its end, so that nothing flickers. */
  #draw(): void {
    if (this.#isOver) return;
    const { view, io } = this.#terminal;
    const lines = renderTop(this.#frame, { ...view, width: view.width ?? 80, height: io.stdout.rows ?? 24 });
    io.stdout.write(`\u001b[H${lines.join('\u001b[K\r\n')}\u001b[K\u001b[J`);
  }
}
