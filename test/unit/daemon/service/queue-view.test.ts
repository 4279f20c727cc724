import assert from 'node:assert/strict';
import { JobService } from '../../../../daemon/service/job-service.ts';
import { QueueService } from '../../../../daemon/service/queue-service.ts';
import { Topics, type TopicsOptions } from '../../../../daemon/service/topics.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { QueueView } from '../../../../schemas/protocol/queue.ts';
import { connectionWaitMessage } from '../../../../schemas/wording/connection.ts';
import { english } from '../../../../schemas/wording/language.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('what is told of a queue', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  function service(): QueueService {
    const { engine, store, clock } = bench;
    return new QueueService({ project: { fileOfQueue: () => undefined }, engine, store, clock });
  }

  async function view(name = 'api'): Promise<QueueView> {
    const queues = await service().list();
    const found = queues.find((queue) => queue.name === name);
    assert.ok(found, `no queue ${name}`);
    return found;
  }

  const at = (inMs: number): string => new Date(bench.clock.now() + inMs).toISOString();

  it('is which connections its jobs wait for, and how much of their limits is used', async () => {
    bench.connections = new Map([['crm', { name: 'crm', type: 'http', url: 'https://api.crm.example', headers: {}, rate: [{ limit: 2, perMs: minute, burst: 2 }, { limit: 5000, perMs: 60 * minute, burst: 1 }], concurrency: 7 }]]);
    await bench.refresh();
    await bench.run('queues: { api: {} }\nsteps:\n  a: { queue: api, uses: test/scripted, with: { connection: crm } }\n  b: { queue: api, uses: test/scripted, with: { connection: crm } }\n  c: { queue: api, uses: test/scripted, with: { connection: crm } }\n');
    await bench.advance(second);
    const [connection, ...others] = (await view()).connections ?? [];
    assert.ok(connection !== undefined && others.length === 0);
    assert.equal(english.textOf(connectionWaitMessage('api', connection)), 'Jobs of api wait for the connection crm: of its limits over all queues, 2 of 2/min, 2 of 5,000/h, 0 of 7 at a time are used.');
    await bench.advance(2 * minute);
    assert.equal((await view()).connections, undefined);
  });

  it('is when it will be empty: by its rate, then by what it does', async () => {
    await bench.runMany('{ rate: 60/min, concurrency: 1 }', 100, 'slow:2');
    const begun = await view();
    assert.deepEqual(begun.forecast, { state: 'draining', drainMs: 99_000, limitedBy: 'rate', clearsAt: at(99_000) });
    await bench.advance(40 * second);
    // One at a time, 2 seconds each: half of what the rate allows. So 80 of them take 160 seconds.
    const { forecast, depth, waiting, running } = await view();
    const waits = depth.pending + depth.delayed;
    assert.deepEqual([waits, forecast.state, forecast.limitedBy], [79, 'draining', 'concurrency']);
    assert.ok(Math.abs((forecast.drainMs ?? 0) - waits * 2000) < waits * 200, String(forecast.drainMs));
    assert.equal(running?.maxMs, 2000);
    assert.deepEqual([running.meanMs, waiting?.maxMs], [2000, 40 * second]);
    await bench.advance(forecast.drainMs ?? 0);
    assert.ok((await view()).depth.pending <= 8, 'and so it comes');
    await bench.advance(10 * minute);
    assert.deepEqual((await view()).forecast, { state: 'idle' });
    assert.equal((await view()).waiting, undefined, 'what is long ago counts no more');
  });

  it('is what this daemon lacks to start its jobs, and so it is of the jobs', async () => {
    const run = await bench.run('steps: { call: { queue: api, uses: test/scripted, with: { headers: { authorization: "${{ secrets.KEY }}" } } } }\nqueues: { api: {} }');
    const { number } = await bench.jobOf(run, 'call');
    const lack = { kind: 'secret', name: 'KEY' };
    assert.deepEqual((await view()).lacking, [{ step: 'call', job: formatJobId(number), lack }]);
    const jobs = new JobService({ engine: bench.engine, store: bench.store, clock: bench.clock });
    assert.deepEqual((await jobs.get(formatJobId(number))).lack, lack);
    await bench.cancelJob(number);
    assert.deepEqual([(await view()).lacking, (await jobs.get(formatJobId(number))).lack], [undefined, undefined]);
  });

  it('is that it grows where more comes than is done, and that it drains when no more comes', async () => {
    for (let round = 0; round < 12; round++) {
      await bench.runMany('{ rate: 60/min }', 20);
      await bench.advance(10 * second);
    }
    const growing = (await view()).forecast;
    assert.equal(growing.state, 'growing');
    assert.ok(Math.abs((growing.growthPerMinute ?? 0) - 60) < 15, String(growing.growthPerMinute));
    await bench.advance(50 * second);
    assert.equal((await view()).forecast.state, 'draining');
  });

  it('is why nothing continues', async () => {
    await bench.runMany('{ retry: { delays: [1m, 5m, 30m, 2h] } }', 3, '503');
    assert.deepEqual((await view()).forecast, { state: 'stalled', reason: 'not-due' });
    await bench.setQueue('api', { paused: true });
    assert.deepEqual((await view()).forecast, { state: 'stalled', reason: 'paused' });
    await bench.setQueue('api', { paused: false, concurrency: 1 });
    await bench.runMany('{ concurrency: 1 }', 2, 'hang');
    assert.deepEqual((await view()).forecast, { state: 'stalled', reason: 'nothing-completes' });
  });

  it('is that it has an alert, which subscribers are told of though no job moves', async () => {
    await bench.declare([{ name: 'api', alerts: { oldest: { error: minute } } }]);
    await bench.setQueue('api', { paused: true });
    await bench.run('steps: { one: { queue: api, uses: test/scripted, with: {} } }');
    const hinted: (readonly string[])[] = [];
    const silent = { onChange: () => () => {} };
    const end = new Topics({ engine: bench.engine, scheduler: silent, webhooks: silent } as unknown as TopicsOptions).onChange(({ queues }) => void hinted.push([...(queues ?? [])]));
    await bench.advance(70 * second);
    assert.deepEqual(hinted, [['api']]);
    const [alert] = (await view()).alerts;
    assert.deepEqual([alert?.kind, alert?.severity, alert?.threshold, alert?.unit], ['oldest', 'error', minute, 'ms']);
    end();
    await bench.setQueue('api', { paused: false });
    await bench.advance(minute);
    assert.deepEqual((await view()).alerts, []);
    assert.deepEqual(hinted.length, 1, 'and no more once it has ended');
  });

  it('is how long the other side asked it to wait', async () => {
    await bench.runMany('{ concurrency: 1 }', 3, '429:30');
    const { forecast, heldUntil, heldBy } = await view();
    assert.deepEqual(forecast, { state: 'stalled', reason: 'held', until: heldUntil });
    assert.equal(heldUntil, at(30 * second));
    assert.deepEqual(heldBy, { job: 'j1', cause: '429', retryAfterMs: 30 * second, at: at(0) });
  });

  it('is what resuming it has lifted: a hold, a pause, both or neither, for good', async () => {
    await bench.runMany('{ concurrency: 1 }', 1, '429:3000');
    const { heldUntil, heldBy } = await view();
    const again = async (): Promise<void> => {
      await bench.crash();
      await bench.start();
    };
    await again();
    assert.deepEqual((await view()).heldBy, heldBy, 'a hold and its reason outlive a crash');
    await bench.setQueue('api', { paused: true });
    const resumed = await service()['queue/resume']({ queue: 'api' });
    assert.deepEqual([resumed.resumed, resumed.paused, resumed.heldUntil], [{ paused: true, heldUntil, heldBy }, false, undefined]);
    await again();
    assert.equal((await view()).heldUntil, undefined, 'what was lifted stays lifted');
    assert.deepEqual((await service()['queue/resume']({ queue: 'api' })).resumed, { paused: false });
  });

  it('is that others of a queue start when its hold is lifted', async () => {
    await bench.runMany('{ concurrency: 1 }', 2, '429:3000');
    assert.equal(bench.action.seen.length, 1);
    await service()['queue/resume']({ queue: 'api' });
    await bench.rest();
    assert.equal(bench.action.seen.length, 2);
    assert.equal((await view()).heldBy?.job, 'j2');
  });
});
