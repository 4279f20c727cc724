import assert from 'node:assert/strict';
import type { MirrorChange } from '../../../../extension/mirror/mirror-change.ts';
import { Mirror } from '../../../../extension/mirror/mirror.ts';
import type { DaemonStatus } from '../../../../schemas/protocol/daemon-status.ts';
import { queue, run } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from './scripted-topics.ts';

describe('the mirror of a daemon', () => {
  let topics: ScriptedTopics;
  let mirror: Mirror;
  let events: MirrorChange[];
  let due: (() => void)[];
  let faults: unknown[];
  const flush = (): MirrorChange | undefined => {
    due.splice(0).forEach((callback) => callback());
    return events.splice(0).at(-1);
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(async () => {
    events = [];
    due = [];
    faults = [];
    topics = new ScriptedTopics();
    topics.snapshots.queues = { queues: [queue({ name: 'erp' }), queue({ name: 'crm' })] };
    topics.snapshots.runs = { runs: [run({ id: 'r9' }), run({ id: 'r10' })] };
    mirror = new Mirror({ onFault: (error) => faults.push(error), later: (callback) => due.push(callback) });
    mirror.onDidChange((change) => events.push(change));
    await mirror.attach(topics);
  });

  it('holds the snapshots: queues by name, runs newest first', () => {
    assert.deepEqual(mirror.queues().map(({ name }) => name), ['crm', 'erp']);
    assert.deepEqual(mirror.runs().map(({ id }) => id), ['r10', 'r9']);
    assert.equal(flush()?.all, true);
  });

  it('tells many changes as one, by name', () => {
    flush();
    for (let pending = 0; pending < 100; pending++) topics.tell('queues', { queues: [queue({ name: 'erp', depth: { pending, delayed: 0, active: 0, dead: 0 } })] });
    topics.tell('runs', { runs: [run({ id: 'r11' })] });
    assert.equal(due.length, 1);
    const change = flush();
    assert.deepEqual([change?.all, [...(change?.queues ?? [])], change?.queueList], [false, ['erp'], false]);
    assert.deepEqual([[...(change?.runs ?? [])], change?.runList], [['r11'], true]);
    assert.equal(mirror.queue('erp')?.depth.pending, 99);
  });

  it('drops what the topic no longer holds', () => {
    flush();
    topics.tell('queues', {}, { removed: ['crm'] });
    const change = flush();
    assert.deepEqual([[...(change?.queues ?? [])], change?.queueList], [['crm'], true]);
    assert.equal(mirror.queue('crm'), undefined);
  });

  it('asks again for what the daemon could not answer while its store was away, as soon as it is back', async () => {
    const store = { ok: false, bytes: 0, kind: 'postgres' as const };
    const status: DaemonStatus = { pid: 1, version: '1', project: '/p', endpoint: '', startedAt: '', uptimeMs: 0, durability: 'full', store, problems: 0, runs: { running: 0 }, lateOutcomes: 0, queues: [] };
    topics = new ScriptedTopics();
    topics.snapshots.runs = { runs: [run({ id: 'r10' })] };
    topics.snapshots.status = { status };
    topics.failing.add('runs');
    mirror.clear();
    await mirror.attach(topics);
    assert.deepEqual([mirror.runs(), faults.length], [[], 1]);
    topics.failing.clear();
    topics.tell('status', { status });
    await settled();
    assert.deepEqual(mirror.runs(), [], 'it is still away');
    topics.tell('status', { status: { ...status, store: { ...store, ok: true } } });
    await settled();
    assert.deepEqual(mirror.runs().map(({ id }) => id), ['r10']);
  });

  it('takes a new snapshot where a change was lost', async () => {
    flush();
    topics.snapshots.queues = { queues: [queue({ name: 'new' })] };
    topics.tell('queues', { queues: [queue({ name: 'erp', paused: true })] }, { skip: 1 });
    assert.equal(mirror.queue('erp')?.paused, false, 'a change out of order is not taken');
    await settled();
    assert.deepEqual(mirror.queues().map(({ name }) => name), ['new']);
    assert.equal(flush()?.all, true);
    assert.deepEqual([topics.unsubscribed.length, topics.subscriptions('queues'), faults], [1, 1, []]);
    topics.tell('queues', { queues: [queue({ name: 'new', paused: true })] });
    assert.equal(mirror.queue('new')?.paused, true, 'and continues from there');
  });

  it('keeps what it had while the connection is lost, and takes the next one from its snapshot', async () => {
    mirror.detach();
    topics.tell('queues', { queues: [queue({ name: 'late' })] });
    assert.deepEqual(mirror.queues().map(({ name }) => name), ['crm', 'erp']);
    const next = new ScriptedTopics();
    next.snapshots.queues = { queues: [queue({ name: 'erp' })] };
    await mirror.attach(next);
    assert.deepEqual(mirror.queues().map(({ name }) => name), ['erp']);
  });

  it('holds bulk work that was begun elsewhere, and tells when it comes further', () => {
    flush();
    const bulk = { id: 'b1', action: 'replay', state: 'running', startedAt: '2026-11-24T10:00:00.000Z', total: 9, done: 1, skipped: 0, edited: 0, takenBack: 0 } as const;
    topics.tell('bulks', { bulks: [bulk] });
    assert.deepEqual([flush()?.bulks, mirror.bulks()], [true, [bulk]]);
    topics.tell('bulks', { bulks: [{ ...bulk, done: 5 }] });
    assert.deepEqual([flush()?.all, mirror.bulks().map(({ done }) => done)], [false, [5]]);
    topics.tell('bulks', {}, { removed: ['b1'] });
    assert.deepEqual([flush()?.bulks, mirror.bulks()], [true, []]);
  });

  it('tells of which workflows something was received, once', () => {
    flush();
    const delivery = { id: 'd1', workflow: 'deals', path: 'deals', receivedAt: '2026-11-28T18:00:00.000Z', outcome: 'ignored', scheme: 'none', bytes: 2 } as const;
    topics.tell('deliveries', { deliveries: [delivery, { ...delivery, id: 'd2' }] });
    const change = flush();
    assert.deepEqual([change?.all, [...(change?.deliveries ?? [])]], [false, ['deals']]);
    topics.tell('bulks', {}, { removed: ['b1'] });
    assert.equal(flush()?.deliveries.size, 0);
  });

  it('is empty when the daemon is gone for good', () => {
    flush();
    mirror.clear();
    assert.equal(flush()?.all, true);
    assert.deepEqual([mirror.queues(), mirror.runs(), mirror.status], [[], [], undefined]);
  });
});
