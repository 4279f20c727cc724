import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { BulkView } from '../../../../schemas/protocol/bulk.ts';
import type { QueueView } from '../../../../schemas/protocol/queue.ts';
import type { RunDetail, RunSummary } from '../../../../schemas/protocol/run.ts';
import type { DaemonStatus } from '../../../../schemas/protocol/daemon-status.ts';
import type { Changed, TopicState } from '../../../../schemas/protocol/subscription.ts';
import { SubscriptionHub, SubscriptionSession } from '../../../../daemon/server/subscription-hub.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { KeptLog, ServerBench, SettableTopics, type RpcClient } from '../../../support/server-bench.ts';

function queue(name: string, pending: number): QueueView {
  return { name, paused: false, concurrency: 1, overrides: { paused: false }, depth: { pending, delayed: 0, active: 0, dead: 0 }, throughputPerMinute: 0, failureRate: 0, forecast: { state: 'idle' }, alerts: [] };
}

function run(id: string, state: 'running' | 'succeeded' = 'running'): RunSummary {
  const jobs = { total: 1, open: 1, succeeded: 0, dead: 0, cancelled: 0, discarded: 0 };
  return { id, workflow: 'letter', version: 'v', state, trigger: { kind: 'manual' }, createdAt: '2026-01-05T09:00:00.000Z', closing: false, jobs, duplicates: 0, warnings: 0 };
}

describe('subscriptions', () => {
  let clock: FakeClock;
  let topics: SettableTopics;
  let log: KeptLog;
  let hub: SubscriptionHub;
  let client: Client;

  /** A client that reads, or doesn't. */
  class Client {
    readonly changes: Changed[] = [];
    isSlow = false;
    readonly session = new SubscriptionSession(hub, this, 32);

    send(changed: Changed): void {
      this.changes.push(structuredClone(changed));
    }
  }

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  };
  const advance = async (ms: number): Promise<void> => clock.advance(ms, settle);
  const queues = (...list: QueueView[]): void => {
    topics.state = () => ({ queues: list });
  };

  beforeEach(() => {
    clock = new FakeClock();
    topics = new SettableTopics();
    log = new KeptLog();
    hub = new SubscriptionHub({ topics, clock, log, limits: { changeEveryMs: 250, refreshEveryMs: 5_000 } });
    hub.start();
    client = new Client();
  });
  afterEach(() => {
    hub.stop();
    assert.equal(clock.nextTimerAt(), undefined, 'a stopped hub has no timers');
  });

  it('begin with a snapshot, continue with the entries that differ, numbered from 1', async () => {
    queues(queue('a', 1), queue('b', 1));
    assert.deepEqual(await client.session.subscribe({ topic: 'queues' }), { id: 1, snapshot: { queues: [queue('a', 1), queue('b', 1)] } });
    await advance(1_000);
    assert.deepEqual(client.changes, []);
    for (const pending of [2, 3]) {
      queues(queue('a', 1), queue('b', pending));
      topics.hint(['b']);
      await advance(250);
    }
    assert.deepEqual(client.changes, [
      { id: 1, number: 1, change: { queues: [queue('b', 2)] } },
      { id: 1, number: 2, change: { queues: [queue('b', 3)] } },
    ]);
  });

  it('tell immediately of a first change, and of what follows at most four times a second', async () => {
    queues(queue('a', 0));
    await client.session.subscribe({ topic: 'queues' });
    await advance(1_000);
    const sentAt: number[] = [];
    client.send = () => void sentAt.push(clock.monotonic());
    for (let pending = 1; pending <= 1_000; pending++) {
      queues(queue('a', pending));
      topics.hint(['a']);
      await clock.advance(1, settle);
    }
    await advance(250);
    assert.equal(sentAt[0], 1_000);
    assert.ok(sentAt.length <= 5, `${sentAt.length} notifications within a second`);
    assert.ok(sentAt.every((at, index) => index === 0 || at - (sentAt[index - 1] ?? 0) >= 250));
  });

  it('ask for a topic once for all that watch it, and not at all where nobody does', async () => {
    topics.hint(undefined, ['r1']);
    topics.line('x');
    await advance(1_000);
    assert.equal(topics.asked.length, 0);
    assert.equal(clock.nextTimerAt(), undefined);
    const clients = Array.from({ length: 10 }, () => new Client());
    queues(queue('a', 1));
    for (const { session } of clients) await session.subscribe({ topic: 'queues' });
    await advance(250);
    topics.asked.length = 0;
    queues(queue('a', 2));
    topics.hint(['a']);
    await advance(250);
    assert.equal(topics.asked.length, 1);
    assert.ok(clients.every(({ changes }) => changes.length === 1));
  });

  it('say what is gone', async () => {
    queues(queue('a', 1), queue('b', 1));
    await client.session.subscribe({ topic: 'queues' });
    queues(queue('a', 1));
    topics.hint(undefined);
    await advance(250);
    assert.deepEqual(client.changes, [{ id: 1, number: 1, change: { queues: [] }, removed: ['b'] }]);
  });

  it('of runs get those that changed, those that are new, and those that these pushed out', async () => {
    topics.state = () => ({ runs: [run('r2'), run('r1')] });
    await client.session.subscribe({ topic: 'runs' });
    topics.state = () => ({ runs: [run('r3'), run('r2', 'succeeded')] });
    topics.hint([], ['r2', 'r3']);
    await advance(250);
    assert.deepEqual(client.changes, [{ id: 1, number: 1, change: { runs: [run('r3'), run('r2', 'succeeded')] }, removed: ['r1'] }]);
  });

  it('look at everything about runs where so many have changed that nobody names them', async () => {
    topics.state = ({ topic }) => (topic === 'run' ? { run: { ...run('r1'), inputs: {}, inputBytes: 2, steps: [] } } : { runs: [run('r1')] });
    await client.session.subscribe({ topic: 'runs' });
    await client.session.subscribe({ topic: 'run', id: 'r1' });
    topics.state = ({ topic }) => (topic === 'run' ? { run: { ...run('r1', 'succeeded'), inputs: {}, inputBytes: 2, steps: [] } } : { runs: [run('r1', 'succeeded')] });
    topics.hint([], 'any');
    await advance(250);
    assert.deepEqual(client.changes.map(({ id }) => id), [1, 2]);
  });

  it('of one run hear of no other, and are not ended by its removal', async () => {
    const detail = (id: string): RunDetail => ({ ...run(id), inputs: {}, inputBytes: 2, steps: [] });
    topics.state = (params) => ({ run: detail(params.topic === 'run' ? params.id : '') });
    await client.session.subscribe({ topic: 'run', id: 'r7' });
    await advance(250);
    topics.asked.length = 0;
    topics.hint(['a'], ['r8']);
    await advance(250);
    assert.deepEqual(topics.asked, []);
    topics.state = () => {
      throw new CodedError('not-found', 'There is no run r7.');
    };
    topics.hint([], ['r7']);
    await advance(250);
    assert.deepEqual(client.changes, []);
    assert.deepEqual(log.entries, []);
  });

  it('of bulk work get what is new and what has come further, though the client did not know of it', async () => {
    const bulk = (id: string, done: number): BulkView => ({ id, action: 'cancel', state: 'running', startedAt: '2026-01-05T09:00:00.000Z', total: 9, done, skipped: 0, edited: 0, takenBack: 0 });
    topics.state = () => ({ bulks: [bulk('b1', 3)] });
    await client.session.subscribe({ topic: 'bulks' });
    topics.state = () => ({ bulks: [bulk('b2', 0), bulk('b1', 3)] });
    topics.hintBulk('b2');
    await advance(250);
    assert.deepEqual(client.changes, [{ id: 1, number: 1, change: { bulks: [bulk('b2', 0)] } }]);
  });

  it('of the status are not told that time goes by', async () => {
    const status = (uptimeMs: number, problems: number): TopicState => ({ status: { uptimeMs, problems } as DaemonStatus });
    topics.state = () => status(clock.monotonic(), 0);
    await client.session.subscribe({ topic: 'status' });
    await advance(11_000);
    assert.ok(topics.asked.length >= 3, 'it is looked at from time to time, without a hint');
    assert.deepEqual(client.changes, []);
    topics.state = () => status(clock.monotonic(), 1);
    await advance(6_000);
    assert.equal(client.changes.length, 1);
  });

  it('miss nothing that happens while the snapshot is made', async () => {
    const made = Promise.withResolvers<TopicState>();
    topics.state = () => made.promise;
    const subscribed = client.session.subscribe({ topic: 'queues' });
    topics.hint(['a']);
    await advance(1_000);
    queues(queue('a', 2));
    made.resolve({ queues: [queue('a', 1)] });
    assert.deepEqual((await subscribed).snapshot, { queues: [queue('a', 1)] });
    await advance(250);
    assert.deepEqual(client.changes, [{ id: 1, number: 1, change: { queues: [queue('a', 2)] } }]);
  });

  it('spare a client that is slow, then tell it the difference, without a gap in the numbers', async () => {
    queues(queue('a', 0), queue('b', 0));
    await client.session.subscribe({ topic: 'queues' });
    queues(queue('a', 1), queue('b', 0));
    topics.hint(['a']);
    await advance(250);
    client.isSlow = true;
    for (let pending = 2; pending < 100; pending++) {
      queues(queue('a', pending), queue('b', 0));
      topics.hint(['a']);
      await advance(250);
    }
    assert.equal(client.changes.length, 1);
    client.isSlow = false;
    client.session.catchUp();
    await advance(250);
    assert.deepEqual(client.changes.slice(1), [{ id: 1, number: 2, change: { queues: [queue('a', 99)] } }]);
  });

  it('of the log get its last lines, then new ones, none of them twice', async () => {
    const made = Promise.withResolvers<TopicState>();
    topics.state = () => made.promise;
    const subscribed = client.session.subscribe({ topic: 'log' });
    topics.line('two');
    topics.line('three');
    made.resolve({ lines: ['one', 'two'] });
    assert.deepEqual((await subscribed).snapshot, { lines: ['one', 'two'] });
    topics.line('four');
    topics.line('five');
    await advance(250);
    assert.deepEqual(client.changes, [{ id: 1, number: 1, change: { lines: ['three', 'four', 'five'] } }]);
    assert.equal(topics.asked.length, 1);
  });

  it('of the log hold a bounded number of lines for a slow client, and say how many are missing', async () => {
    topics.state = () => ({ lines: [] });
    await client.session.subscribe({ topic: 'log' });
    client.isSlow = true;
    for (let number = 0; number < 5_000; number++) topics.line(`line ${number}`);
    await advance(250);
    client.isSlow = false;
    client.session.catchUp();
    await advance(250);
    const lines = client.changes[0]?.change.lines ?? [];
    assert.equal(lines.length, 1_001);
    assert.match(lines[0] ?? '', /4000 lines were left out/);
    assert.equal(lines.at(-1), 'line 4999');
  });

  it('are bounded in number, and can be given back', async () => {
    queues();
    for (let count = 0; count < 32; count++) await client.session.subscribe({ topic: 'queues' });
    await assert.rejects(client.session.subscribe({ topic: 'runs' }), { code: 'too-many' });
    client.session.unsubscribe(5);
    assert.equal((await client.session.subscribe({ topic: 'runs' })).id, 33);
    assert.throws(() => client.session.unsubscribe(5), { code: 'not-found' });
  });

  it('to what is not there fail, and leave nothing behind', async () => {
    topics.state = () => {
      throw new CodedError('not-found', 'There is no run r9.');
    };
    for (let count = 0; count < 40; count++) await assert.rejects(client.session.subscribe({ topic: 'run', id: 'r9' }), { code: 'not-found' });
    topics.asked.length = 0;
    topics.hint([], ['r9']);
    await advance(250);
    assert.deepEqual(topics.asked, []);
  });

  it('survive a topic that fails, and log it once', async () => {
    queues(queue('a', 1));
    await client.session.subscribe({ topic: 'queues' });
    topics.state = () => {
      throw new Error('the disk is gone');
    };
    for (let count = 0; count < 10; count++) {
      topics.hint(['a']);
      await advance(250);
    }
    assert.equal(log.entries.length, 1);
    queues(queue('a', 2));
    topics.hint(['a']);
    await advance(250);
    assert.deepEqual(client.changes, [{ id: 1, number: 1, change: { queues: [queue('a', 2)] } }]);
  });

  it('end with their client, even while they begin', async () => {
    const made = Promise.withResolvers<TopicState>();
    topics.state = () => made.promise;
    const subscribed = client.session.subscribe({ topic: 'queues' });
    client.session.end();
    made.resolve({ queues: [] });
    await subscribed;
    queues(queue('a', 1));
    topics.hint(['a']);
    await advance(6_000);
    assert.deepEqual(client.changes, []);
    assert.equal(clock.nextTimerAt(), undefined);
  });
});

describe('subscriptions over a socket', () => {
  let bench: ServerBench;
  let client: RpcClient;

  beforeEach(async () => {
    bench = await ServerBench.start({ limits: { changeEveryMs: 5, slowBytes: 100_000 } });
    client = await bench.connect();
  });
  afterEach(async () => bench.stop());

  it('answer first, then notify', async () => {
    bench.topics.state = () => ({ queues: [queue('a', 1)] });
    const { result } = await client.call('subscribe', { topic: 'queues' });
    assert.deepEqual(result, { id: 1, snapshot: { queues: [queue('a', 1)] } });
    bench.topics.state = () => ({ queues: [queue('a', 2)] });
    bench.topics.hint(['a']);
    assert.deepEqual(await client.change(), { id: 1, number: 1, change: { queues: [queue('a', 2)] } });
    assert.deepEqual((await client.call('unsubscribe', { id: 1 })).result, {});
    assert.equal((await client.call('unsubscribe', { id: 1 })).error?.data?.code, 'not-found');
  });

  it('end with their connection', async () => {
    bench.topics.state = () => ({ queues: [queue('a', 1)] });
    const other = await bench.connect();
    await other.call('subscribe', { topic: 'queues' });
    await client.call('subscribe', { topic: 'runs' });
    other.socket.terminate();
    await other.closed;
    // The server sees the end of that connection before it answers a new one.
    await (await bench.connect()).call('subscribe', { topic: 'runs' });
    bench.topics.asked.length = 0;
    bench.topics.hint(undefined, ['r1']);
    bench.topics.state = () => ({ runs: [run('r1')] });
    await client.change();
    assert.deepEqual(bench.topics.asked, [{ topic: 'runs' }]);
  });

  it('bring a client that stopped reading to the newest state when it reads again', async () => {
    const long = 'x'.repeat(200_000);
    let pending = 0;
    bench.topics.state = () => ({ queues: [{ ...queue('a', pending), declaredIn: long }] });
    await client.call('subscribe', { topic: 'queues' });
    const witness = await bench.connect();
    await witness.call('subscribe', { topic: 'queues' });
    client.socket.pause();
    for (; pending < 100; ) {
      pending++;
      bench.topics.hint(['a']);
      await witness.change();
    }
    client.socket.resume();
    let number = 0;
    for (;;) {
      const change = await client.change();
      number++;
      assert.equal(change.number, number);
      if (change.change.queues?.[0]?.depth.pending === 100) break;
    }
    assert.ok(number < 100, 'some states were skipped');
  });
});
