import assert from 'node:assert/strict';
import type { QueueView, SeriesPoint } from '../../../../schemas/protocol/queue.ts';
import type { Daemon } from '../../../../client/daemon-client.ts';
import { DashboardFeed, maxLines, nowEveryMs, type FedProject } from '../../../../extension/dashboard/dashboard-feed.ts';
import type { MessageToPage, Now } from '../../../../extension/dashboard/dashboard-message.ts';
import type { SeriesGrid } from '../../../../extension/dashboard/series-grid.ts';
import type { MirrorChange } from '../../../../extension/mirror/mirror-change.ts';
import { Signal } from '../../../../extension/base/signal.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const startMs = Date.parse('2026-11-24T09:30:05Z');
const folder = 'file:///a';
const nothing: MirrorChange = { all: false, queues: new Set(), queueList: false, runs: new Set(), runList: false, status: false, bulks: false, waits: false, schedules: new Set<string>(), deliveries: new Set() };

describe('the feed of the dashboard', () => {
  it('tells how things stand and what was, as soon as the page is ready, and nothing before', async () => {
    const stage = new Stage([queueView('erp', { pending: 5 })]);
    stage.feed.choose({ folder, range: '15min' });
    await stage.settle();
    assert.deepEqual([stage.posted.length, stage.calls.length], [0, 0]);

    stage.feed.show();
    await stage.settle();
    assert.deepEqual(stage.lastNow().queues.map(({ name }) => name), ['erp']);
    assert.equal(stage.lastNow().connection, 'connected');
    const { queues, stepMs } = stage.lastGrid();
    assert.deepEqual([queues.map(({ queue }) => queue), queues[0]?.pending.length, stepMs], [['erp'], 90, 10_000]);
    assert.equal(queues[0]?.completions.at(-1), 1);
  });

  it('shows the first project if none is chosen, and where the chosen one is gone', async () => {
    const stage = new Stage([]);
    stage.feed.show();
    assert.equal(stage.feed.choice.folder, folder);
    stage.feed.choose({ folder: 'file:///gone', queue: 'x', range: '24h' });
    assert.deepEqual(stage.feed.choice, { folder, range: '24h' });
  });

  it('says what is the matter if there is no project, and where no daemon runs', () => {
    const stage = new Stage([]);
    stage.project.connection.state = { kind: 'stopped', problem: { kind: 'start-failed', end: { kind: 'code', code: 1 }, folder: '/shop', output: 'the store is broken' } };
    stage.feed.show();
    assert.deepEqual([stage.lastNow().connection, stage.lastNow().problem], ['stopped', 'The daemon could not be started: it exited with code 1.\nthe store is broken']);
    stage.projects.all = [];
    stage.stateChanged.fire(undefined);
    assert.equal(stage.lastNow().connection, 'none');
  });

  it('tells many changes within a second as one', async () => {
    const stage = new Stage([queueView('erp')]);
    stage.feed.show();
    await stage.settle();
    const before = stage.nows().length;
    for (let index = 0; index < 50; index++) stage.change();
    assert.equal(stage.nows().length, before);
    await stage.pass(nowEveryMs);
    assert.equal(stage.nows().length, before + 1);
  });

  it('asks for each new step when it has ended, and for no step again', async () => {
    const stage = new Stage([queueView('erp')]);
    stage.feed.choose({ folder, range: '15min' });
    stage.feed.show();
    await stage.settle();
    assert.deepEqual(stage.asked(), [['erp', '10s', '2026-11-24T09:15:00.000Z']]);
    await stage.pass(5499);
    assert.equal(stage.asked().length, 1);
    await stage.pass(1);
    assert.deepEqual(stage.asked().at(-1), ['erp', '10s', '2026-11-24T09:30:00.000Z']);
    assert.equal(stage.lastGrid().queues[0]?.completions.filter((count) => count === 1).length, 90);
  });

  it('asks for the finer and the longer series when the range changes', async () => {
    const stage = new Stage([queueView('erp')]);
    stage.feed.choose({ folder, range: '15min' });
    stage.feed.show();
    await stage.settle();
    stage.feed.choose({ folder, range: '30d' });
    await stage.settle();
    assert.deepEqual(stage.asked().at(-1)?.slice(0, 2), ['erp', '5min']);
    assert.equal(stage.lastGrid().queues[0]?.pending.length, 360);
  });

  it('draws no more lines than can be told apart, those where the most is going on, and names the others', async () => {
    const stage = new Stage(Array.from({ length: 9 }, (_, index) => queueView(`q${index}`, { pending: index })));
    stage.feed.show();
    await stage.settle();
    const { queues, leftOut } = stage.lastGrid();
    assert.equal(queues.length, maxLines);
    assert.deepEqual(queues.map(({ queue }) => queue), ['q3', 'q4', 'q5', 'q6', 'q7', 'q8']);
    assert.deepEqual(leftOut, ['q0', 'q1', 'q2']);
  });

  it('draws one queue alone when it is chosen', async () => {
    const stage = new Stage([queueView('erp'), queueView('web')]);
    stage.feed.show();
    stage.feed.choose({ folder, queue: 'web', range: '1h' });
    await stage.settle();
    assert.deepEqual(stage.lastGrid().queues.map(({ queue }) => queue), ['web']);
  });

  it('drops the answer to a question that is no longer asked', async () => {
    const stage = new Stage([queueView('erp'), queueView('web')]);
    stage.feed.show();
    stage.feed.choose({ folder, queue: 'erp', range: '1h' });
    stage.feed.choose({ folder, queue: 'web', range: '1h' });
    await stage.settle();
    assert.ok(stage.posted.every((message) => message.kind !== 'series' || message.choice.queue === 'web'));
  });

  it('asks for the dead letters again when their number has changed, and tells them', async () => {
    const stage = new Stage([queueView('erp', { dead: 2 })]);
    stage.feed.show();
    await stage.settle();
    await stage.pass(nowEveryMs);
    assert.deepEqual(stage.lastNow().dead.map(({ title, count }) => [title, count]), [['503', 2]]);
    const asked = (): number => stage.calls.filter(([method]) => method === 'dead/groups').length;
    assert.equal(asked(), 1);
    stage.change();
    await stage.pass(nowEveryMs);
    assert.equal(asked(), 1);
    stage.queues = [queueView('erp', { dead: 3 })];
    stage.change();
    await stage.pass(nowEveryMs);
    await stage.pass(nowEveryMs);
    assert.equal(asked(), 2);
    assert.equal(stage.lastNow().dead[0]?.count, 3);
    // An edit changes no number of them, and is shown with its group.
    stage.queues = [{ ...queueView('erp', { dead: 3 }), drafts: { count: 1, savedAt: '2026-11-28T08:00:00.000Z' } }];
    stage.change();
    await stage.pass(nowEveryMs);
    await stage.pass(nowEveryMs);
    assert.equal(asked(), 3);
  });

  it('keeps what was known while the daemon is away, and follows the one that comes back', async () => {
    const stage = new Stage([queueView('erp')]);
    stage.feed.show();
    await stage.settle();
    const series = stage.grids().length;
    stage.project.connection.state = { kind: 'reconnecting', attempt: 1 };
    stage.project.daemon = undefined;
    stage.stateChanged.fire(undefined);
    await stage.pass(60_000);
    assert.equal(stage.lastNow().connection, 'reconnecting');
    assert.equal(stage.lastNow().queues.length, 1);
    assert.equal(stage.grids().length, series);

    stage.connect();
    await stage.settle();
    assert.equal(stage.lastNow().connection, 'connected');
    assert.equal(stage.grids().length, series + 1);
  });

  it('continues after an answer that failed', async () => {
    const stage = new Stage([queueView('erp')]);
    stage.isBroken = true;
    stage.feed.show();
    await stage.settle();
    assert.equal(stage.grids().length, 0);
    stage.isBroken = false;
    await stage.pass(10_000);
    assert.equal(stage.grids().length, 1);
  });

  it('asks and tells nothing while nobody can see it', async () => {
    const stage = new Stage([queueView('erp')]);
    stage.feed.show();
    await stage.settle();
    stage.feed.hide();
    const [posted, calls] = [stage.posted.length, stage.calls.length];
    stage.change();
    stage.stateChanged.fire(undefined);
    await stage.pass(600_000);
    assert.deepEqual([stage.posted.length, stage.calls.length], [posted, calls]);
    stage.feed.show();
    await stage.settle();
    assert.ok(stage.posted.length > posted);
  });
});

/** A project whose daemon answers with a point for each step: one job pending, one done. Time stands still until it is told to pass. */
class Stage {
  queues: readonly QueueView[];
  isBroken = false;
  readonly posted: MessageToPage[] = [];
  readonly calls: (readonly [method: string, params: Readonly<Record<string, unknown>>])[] = [];
  readonly stateChanged = new Signal<unknown>();
  readonly #mirrorChanged = new Signal<{ readonly project: { readonly folder: string }; readonly change: MirrorChange }>();
  readonly project: { -readonly [K in keyof FedProject]: FedProject[K] } & { connection: { state: FedProject['connection']['state'] } };
  readonly projects: { all: FedProject[]; isVirtual: boolean; onDidChangeState: Signal<unknown>['listen']; onDidChangeMirror: Stage['mirrorListen'] };
  readonly feed: DashboardFeed;
  readonly #clock = new FakeClock(startMs);

  constructor(queues: readonly QueueView[]) {
    this.queues = queues;
    this.project = { folder, name: 'a', connection: { state: { kind: 'none' } }, mirror: { queues: () => this.queues }, daemon: undefined };
    this.projects = { all: [this.project], isVirtual: false, onDidChangeState: this.stateChanged.listen, onDidChangeMirror: this.mirrorListen };
    this.feed = new DashboardFeed({
      projects: this.projects,
      post: (message) => this.posted.push(message),
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      now: () => this.#clock.now(),
      later: (callback, ms) => {
        const timer = this.#clock.setTimer(ms, callback);
        return { dispose: () => timer.cancel() };
      },
    });
    this.connect();
  }

  get mirrorListen(): Signal<{ readonly project: { readonly folder: string }; readonly change: MirrorChange }>['listen'] {
    return this.#mirrorChanged.listen;
  }

  /** A daemon that hasn't been there before. */
  connect(): void {
    const daemon = this.#daemon();
    this.project.daemon = daemon;
    this.project.connection.state = { kind: 'connected', daemon, outdated: false, status: { pid: 1 } as never };
    this.stateChanged.fire(undefined);
  }

  change(): void {
    this.#mirrorChanged.fire({ project: { folder }, change: { ...nothing, queues: new Set(['erp']) } });
  }

  /** Until every answer that is under way has been taken up. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  async pass(ms: number): Promise<void> {
    await this.#clock.advance(ms, () => this.settle());
  }

  nows(): readonly Now[] {
    return this.posted.flatMap((message) => (message.kind === 'now' ? [message.now] : []));
  }

  lastNow(): Now {
    const last = this.nows().at(-1);
    assert.ok(last !== undefined);
    return last;
  }

  grids(): readonly SeriesGrid[] {
    return this.posted.flatMap((message) => (message.kind === 'series' ? [message.grid] : []));
  }

  lastGrid(): SeriesGrid {
    const last = this.grids().at(-1);
    assert.ok(last !== undefined);
    return last;
  }

  /** Queue, resolution and beginning of each series that was asked for. */
  asked(): readonly (readonly unknown[])[] {
    return this.calls.flatMap(([method, { queue, resolution, from }]) => (method === 'queue/series' ? [[queue, resolution, from]] : []));
  }

  #daemon(): Daemon {
    const answer = (method: string, params: Readonly<Record<string, unknown>>): unknown => {
      if (method === 'dead/groups') return { groups: this.queues.filter(({ depth }) => depth.dead > 0).map(({ name, depth }) => ({ queue: name, group: 'http/request: 503', uses: 'http/request', title: '503', count: depth.dead, newestAt: '', newest: 'j1', oldestAt: '' })), others: 0 };
      const stepMs = params['resolution'] === '10s' ? 10_000 : 300_000;
      const points: SeriesPoint[] = [];
      for (let atMs = Date.parse(String(params['from'])); atMs + stepMs <= this.#clock.now(); atMs += stepMs) {
        points.push({ at: new Date(atMs).toISOString(), pending: 1, delayed: 0, active: 0, dead: 0, arrivals: 1, completions: 1, failures: 0 });
      }
      return { stepMs, points };
    };
    return {
      call: async (method, params) => {
        const named: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(params));
        this.calls.push([method, named]);
        if (this.isBroken) throw new Error('broken');
        return answer(method, named) as never;
      },
      subscribe: () => Promise.reject(new Error('not here')),
      unsubscribe: async () => undefined,
    };
  }
}

function queueView(name: string, depth: Partial<QueueView['depth']> = {}): QueueView {
  return { name, paused: false, concurrency: 1, overrides: { paused: false }, depth: { pending: 0, delayed: 0, active: 0, dead: 0, ...depth }, throughputPerMinute: 0, failureRate: 0, forecast: { state: 'idle' }, alerts: [] };
}
