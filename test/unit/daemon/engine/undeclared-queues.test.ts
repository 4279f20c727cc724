import assert from 'node:assert/strict';
import { QueueService } from '../../../../daemon/service/queue-service.ts';
import type { QueueView } from '../../../../schemas/protocol/queue.ts';
import type { QueueDefinition } from '../../../../schemas/workflow/model.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** One a second. */
const perSecond: QueueDefinition['rate'] = { limit: 60, perMs: minute, burst: 1 };

describe('a queue that is no longer declared', () => {
  let bench: EngineBench;
  let declaredIn: Record<string, string>;
  let service: QueueService;
  beforeEach(async () => {
    bench = new EngineBench();
    await start();
    declaredIn = {};
  });
  afterEach(() => bench.dispose());

  async function start(queues: readonly QueueDefinition[] = []): Promise<void> {
    await bench.start(queues);
    const { engine, store, clock } = bench;
    service = new QueueService({ project: { fileOfQueue: (name) => declaredIn[name] }, engine, store, clock });
  }

  async function view(name: string): Promise<QueueView> {
    const found = (await service.list()).find((queue) => queue.name === name);
    assert.ok(found, `no queue ${name}`);
    return found;
  }

  const sent = (): number => bench.action.seen.length;
  const warnings = (): readonly string[] => bench.logged.filter(({ level }) => level === 'warn').map(({ message }) => message);

  it('keeps its rate, concurrency, timeout, retries and max-depth for the jobs that wait', async () => {
    await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 }, concurrency: 2, timeout: 7s, retry: { delays: [1s] }, max-depth: 100 }', 30);
    const before = bench.queue('api').definition;
    await bench.declare([]);
    assert.deepEqual(bench.queue('api').definition, before);
    await bench.advance(10 * second);
    assert.ok(sent() >= 10 && sent() <= 12, `${sent()} of 30 in 10 s`);
  });

  it('keeps them over restarts, by a stop or by a crash, while its file is away', async () => {
    await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 } }', 30);
    await bench.declare([]);
    await bench.stop();
    await start([]);
    await bench.crash();
    await start([]);
    const before = sent();
    await bench.advance(5 * second);
    assert.ok(sent() - before <= 6, `${sent() - before} in 5 s`);
  });

  it('keeps them for jobs that come into it later: of runs that are under way, and of dead letters', async () => {
    const text = `
queues: { api: { rate: { limit: 60, per: 1m, burst: 1 } } }
steps:
  first: { uses: test/scripted, with: { do: "slow:20" } }
  then: { queue: api, needs: [first], uses: test/scripted, foreach: { items: "\${{ [1, 2, 3, 4, 5, 6, 7, 8] }}", on-item-failure: continue }, with: { do: "invalid" } }
`;
    const run = await bench.run(text);
    await bench.declare([]);
    await bench.advance(20 * second);
    const first = sent();
    await bench.advance(3 * second);
    assert.ok(sent() - first <= 4, `${sent() - first} in 3 s`);
    await bench.advance(minute);
    const dead = await bench.dead(run);
    assert.equal(dead.length, 8);
    const replayed = sent();
    await bench.replay(dead);
    await bench.advance(3 * second);
    assert.ok(sent() - replayed <= 4, `${sent() - replayed} in 3 s`);
  });

  it('is said in its view and in the log, with what waits, until it is declared again', async () => {
    await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 } }', 25);
    const [definition] = [bench.queue('api').definition];
    assert.equal((await view('api')).undeclared, undefined);
    await bench.declare([]);
    assert.deepEqual((await view('api')).undeclared, { reason: 'gone', files: [] });
    assert.deepEqual(warnings(), ['api is no longer declared: its last limits hold for what is in it. Declare it again, move its jobs to another queue, or release them.']);
    await bench.declare([]);
    assert.equal(warnings().length, 1, 'once');
    await bench.declare([definition]);
    assert.equal((await view('api')).undeclared, undefined);
    assert.ok(bench.logged.some(({ level, message }) => level === 'info' && message.startsWith('api is declared again')));
  });

  it('takes what a valid declaration says, be it less', async () => {
    await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 } }', 25);
    await bench.declare([]);
    await bench.declare([{ name: 'api' }]);
    await bench.advance(second);
    assert.equal(sent(), 25);
    assert.equal((await view('api')).undeclared, undefined);
  });

  it('says nothing if it had no limits, or nothing is in it', async () => {
    await bench.runMany('{}', 3, 'slow:60');
    await bench.declare([]);
    assert.equal((await view('api')).undeclared, undefined);
    await bench.declare([{ name: 'empty', rate: perSecond }]);
    await bench.declare([]);
    assert.equal((await view('empty')).undeclared, undefined);
    assert.deepEqual(warnings(), []);
  });

  it('has the strictest of what is declared where it was never declared any better', async () => {
    const loose = { name: 'api', concurrency: 50 };
    await bench.dispose();
    bench = new EngineBench({ doubtful: [{ ...loose, rate: perSecond }], undeclared: { reason: 'twice', files: ['a.yaml', 'b.yaml'] } });
    await start([]);
    const run = `steps: { each: { queue: api, uses: test/scripted, foreach: { items: "\${{ [1, 2, 3, 4, 5, 6, 7, 8] }}", on-item-failure: continue }, with: { do: ok } } }`;
    await bench.run(run);
    await bench.advance(3 * second);
    assert.ok(sent() <= 4, `${sent()} in 3 s`);
    assert.deepEqual((await view('api')).undeclared, { reason: 'twice', files: ['a.yaml', 'b.yaml'] });
    await assert.rejects(service['queue/release']({ queue: 'api' }), /declared in a\.yaml, b\.yaml/);
  });

  describe('can be released', () => {
    it('whereupon its jobs have the defaults, over restarts too', async () => {
      await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 }, alerts: { depth: { warning: 2 } } }', 40, 'slow:1');
      await bench.declare([]);
      await bench.advance(5 * second);
      assert.equal((await view('api')).alerts.length, 1, 'its alerts are those of its last declaration');
      const released = await service['queue/release']({ queue: 'api' });
      assert.deepEqual([released.rate, released.concurrency, released.undeclared], [undefined, 10, undefined]);
      await bench.advance(2 * second);
      assert.equal(bench.action.mostAlive, 10);
      assert.deepEqual((await view('api')).alerts, []);
      await bench.crash();
      await start([]);
      assert.equal(bench.queue('api').rates[0], undefined);
    });

    it('not while a file declares it', async () => {
      await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 } }', 5);
      await assert.rejects(service['queue/release']({ queue: 'api' }), { code: 'wrong-state' });
      await assert.rejects(service['queue/release']({ queue: 'apo' }), /no queue apo\. Did you mean api\?/);
      assert.notEqual(bench.queue('api').rates[0], undefined);
    });

    it('and keeps what was set by hand', async () => {
      await bench.runMany('{ rate: { limit: 60, per: 1m, burst: 1 } }', 5);
      await bench.setQueue('api', { paused: true });
      await bench.declare([]);
      assert.equal((await service['queue/release']({ queue: 'api' })).paused, true);
      await bench.advance(minute);
      assert.ok(sent() <= 1);
    });
  });

  describe('can be emptied into another', () => {
    const other = { name: 'other', rate: { limit: 10, perMs: second, burst: 1 }, concurrency: 5 };

    async function moveAll(to = 'other'): Promise<number> {
      const { moved } = await service['queue/move']({ queue: 'api', to });
      await bench.rest();
      return moved;
    }

    it('whose limits its jobs obey from then on; runs and counts are right in the end', async () => {
      const run = await bench.runMany('{ rate: { limit: 1, per: 1h, burst: 1 } }', 101);
      await bench.declare([other]);
      declaredIn = { other: 'q.yaml' };
      assert.deepEqual(await service['queue/move']({ queue: 'api', to: 'other', dryRun: true }), { moved: 0, selected: 100 });
      assert.equal(await moveAll(), 100);
      await bench.advance(2 * second);
      assert.ok(sent() >= 20 && sent() <= 22, `${sent()} in 2 s, with the one from before`);
      await bench.advance(10 * second);
      assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
      assert.equal(sent(), 101);
      assert.deepEqual(bench.action.twice, new Set());
      for (const queue of ['api', 'other']) assert.deepEqual({ ...bench.queue(queue).depth, name: '' }, { name: '', pending: 0, delayed: 0, active: 0, dead: 0 });
      assert.deepEqual(await bench.faults(), []);
    });

    it('with what was set by hand, where the other takes its place', async () => {
      await bench.runMany('{ concurrency: 1 }', 3, 'hang');
      await bench.setQueue('api', { paused: true, concurrency: 7 });
      await bench.declare([other]);
      declaredIn = { other: 'q.yaml' };
      assert.equal((await service['queue/move']({ queue: 'api', to: 'other', dryRun: true })).carries, true);
      await moveAll();
      assert.deepEqual([bench.queue('other').overrides, bench.queue('api').overrides], [{ paused: true, concurrency: 7 }, { paused: false }]);
      await bench.advance(minute);
      assert.equal(bench.action.seen.length, 1, 'nothing starts because its queue was renamed');
      await bench.crash();
      await bench.start([other]);
      assert.deepEqual([bench.queue('other').overrides, bench.queue('api').overrides], [{ paused: true, concurrency: 7 }, { paused: false }], 'over a restart as well');
    });

    it('without what was set by hand, where the other has jobs or settings of its own', async () => {
      await bench.runMany('{ concurrency: 1 }', 3, 'hang');
      await bench.setQueue('api', { paused: true });
      await bench.declare([other]);
      declaredIn = { other: 'q.yaml' };
      await bench.setQueue('other', { concurrency: 2 });
      assert.equal((await service['queue/move']({ queue: 'api', to: 'other', dryRun: true })).carries, undefined);
      await moveAll();
      assert.deepEqual([bench.queue('other').overrides, bench.queue('api').paused], [{ paused: false, concurrency: 2 }, true]);
    });

    it('in which what left from the first one still counts, over a crash too', async () => {
      const limits = { rate: { limit: 10, perMs: hour, burst: 10 } };
      const run = await bench.runMany('{ rate: { limit: 10, per: 1h, burst: 10 } }', 25);
      assert.equal(sent(), 10);
      await bench.declare([{ name: 'other', ...limits }]);
      declaredIn = { other: 'q.yaml' };
      assert.equal(await moveAll(), 15);
      await bench.advance(2 * minute);
      assert.equal(sent(), 10);
      assert.equal((await view('other')).rateUsed, 10);
      assert.equal(await moveAll(), 0);
      await bench.crash();
      await start([{ name: 'other', ...limits }]);
      await bench.advance(50 * minute);
      assert.equal(sent(), 10);
      await bench.advance(10 * minute);
      assert.equal(sent(), 20);
      await bench.advance(hour);
      assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded' });
    });

    it('with a pause that its receiver asked for, over a crash too, unless the other one has a longer one', async () => {
      const run = await bench.runMany('{ concurrency: 1 }', 5, '429:600');
      assert.equal(sent(), 1);
      const { heldUntil } = await view('api');
      assert.ok(heldUntil !== undefined);
      await bench.declare([other]);
      declaredIn = { other: 'q.yaml' };
      await moveAll();
      assert.equal((await view('other')).heldUntil, heldUntil);
      await bench.crash();
      await start([other]);
      assert.equal((await view('other')).heldUntil, heldUntil);
      await bench.advance(9 * minute);
      assert.equal(sent(), 1, 'the receiver said later');
      await bench.advance(2 * minute);
      assert.ok(sent() > 1);
      await bench.cancelRun(run);
    });

    it('with what is under way, delayed or dead, and with what its runs still bring', async () => {
      const text = `
queues: { api: { rate: { limit: 60, per: 1m, burst: 60 }, retry: { delays: [1h] } } }
steps:
  slow: { queue: api, uses: test/scripted, with: { do: "slow:20" } }
  later: { queue: api, uses: test/scripted, with: { do: [503, ok] } }
  dead: { queue: api, uses: test/scripted, with: { do: [invalid, ok] } }
  after: { queue: api, needs: [slow], uses: test/scripted, with: { do: "slow:5" } }
`;
      const run = await bench.run(text);
      await bench.declare([other]);
      declaredIn = { other: 'q.yaml' };
      assert.deepEqual(bench.queue('api').depth, { name: 'api', pending: 0, delayed: 1, active: 1, dead: 1 });
      assert.equal(await moveAll(), 3);
      assert.deepEqual(bench.queue('other').depth, { name: 'other', pending: 0, delayed: 1, active: 1, dead: 1 });
      await bench.advance(31 * second);
      assert.equal((await bench.jobOf(run, 'after')).queue, 'other');
      await bench.advance(hour);
      await bench.replay(await bench.dead(run));
      await bench.advance(minute);
      assert.deepEqual(await bench.states(run), { run: 'succeeded', slow: 'succeeded', later: 'succeeded', dead: 'succeeded', after: 'succeeded' });
      const keys = bench.action.seen.map(({ key }) => key);
      assert.equal(new Set(keys).size, 4, 'a job keeps its key');
      assert.deepEqual({ ...bench.queue('other').depth }, { name: 'other', pending: 0, delayed: 0, active: 0, dead: 0 });
      assert.deepEqual(await bench.faults(), []);
    });

    it('so that a step fails by what its jobs say wherever they died', async () => {
      const text = `
queues: { api: { rate: { limit: 60, per: 1m, burst: 60 } } }
steps: { each: { queue: api, uses: test/scripted, foreach: { items: "\${{ [1, 2] }}", on-item-failure: continue }, with: { do: "\${{ item == 1 ? 'invalid' : 'slow:20' }}" } } }
`;
      const run = await bench.run(text);
      await bench.declare([other]);
      declaredIn = { other: 'q.yaml' };
      await moveAll();
      await bench.advance(minute);
      const { steps } = await bench.runDetail(run);
      assert.match(steps[0]?.error?.message ?? '', /^1 of 2 items failed; the first: /);
    });

    it('unless that has no room: then nothing moves', async () => {
      await bench.runMany('{ rate: { limit: 1, per: 1h, burst: 1 } }', 101);
      await bench.declare([{ ...other, maxDepth: 99 }]);
      declaredIn = { other: 'q.yaml' };
      await assert.rejects(service['queue/move']({ queue: 'api', to: 'other' }), { code: 'queue-full', message: /no room for 100 more.*max-depth is 99/ });
      assert.equal(bench.queue('api').depth.pending, 100);
      assert.equal(bench.queue('other').depth.pending, 0);
    });

    it('whose max-depth the rest of a fan-out waits for', async () => {
      const run = await bench.runMany('{ rate: { limit: 1, per: 1h, burst: 1 }, max-depth: 10 }', 200);
      await bench.declare([{ ...other, maxDepth: 20 }]);
      declaredIn = { other: 'q.yaml' };
      await moveAll();
      assert.ok(bench.queue('other').depth.pending <= 20);
      await bench.advance(minute);
      assert.deepEqual(await bench.tally(run), { succeeded: 200 });
    });

    it('only if a file declares that one, and it is another', async () => {
      await bench.runMany('{ rate: { limit: 1, per: 1h, burst: 1 } }', 5);
      await bench.declare([]);
      await assert.rejects(service['queue/move']({ queue: 'api', to: 'api' }), { code: 'invalid-params' });
      await bench.declare([{ name: 'gone', rate: perSecond }]);
      await bench.declare([]);
      await assert.rejects(service['queue/move']({ queue: 'api', to: 'gone' }), { code: 'wrong-state', message: /No file declares the queue gone/ });
      await assert.rejects(service['queue/move']({ queue: 'api', to: 'goen' }), { code: 'not-found' });
      assert.equal((await service['queue/move']({ queue: 'api', to: 'default' })).moved, 4);
    });
  });

  describe('if it is `default`', () => {
    const steps = `steps: { each: { uses: test/scripted, foreach: { items: "\${{ [1, 2, 3, 4, 5, 6] }}", on-item-failure: continue }, with: { do: ok } } }`;

    it('keeps its limits while something is in it, and has the defaults when it has been empty for a minute', async () => {
      await bench.declare([{ name: 'default', rate: perSecond }]);
      await bench.run(steps);
      await bench.declare([]);
      await bench.advance(2 * second);
      assert.ok(sent() <= 3, `${sent()} in 2 s`);
      await bench.advance(2 * minute);
      assert.equal(sent(), 6);
      assert.equal(bench.queue('default').rates[0], undefined);
      await bench.crash();
      await start([]);
      assert.equal(bench.queue('default').rates[0], undefined);
    });

    it('keeps them over a moment in which its file is away', async () => {
      await bench.declare([{ name: 'default', rate: perSecond }]);
      await bench.declare([]);
      await bench.advance(3 * second);
      await bench.declare([{ name: 'default', rate: perSecond }]);
      await bench.advance(2 * minute);
      assert.deepEqual(bench.queue('default').rates[0], perSecond);
    });
  });
});
