import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CallBatches, type Performed, type StoreCall } from '../../../../daemon/store/postgres/call-batches.ts';
import { DaemonMemory } from '../../../../daemon/store/postgres/daemon-memory.ts';
import type { Committed } from '../../../../daemon/store/store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const committed: Committed = { queues: [], runs: [], expanding: [], cascading: false, runningRuns: 0 };

/** A transaction that has begun, and what a test lets become of it. */
interface Begun {
  readonly calls: readonly string[];
  /** Its commit is on its way. */
  readonly send: () => void;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

describe('calls that share transactions on Postgres', () => {
  let clock: FakeClock;
  let begun: Begun[];
  let batches: CallBatches;
  beforeEach(() => {
    clock = new FakeClock();
    begun = [];
    const perform = (calls: readonly StoreCall[], onSent: () => void = () => {}): Promise<Performed> => {
      const { promise, resolve, reject } = Promise.withResolvers<Performed>();
      begun.push({ calls: calls.map(({ name }) => name), send: onSent, end: () => resolve({ value: calls.map(({ name }) => ({ ok: true, value: name })), committed }), fail: reject });
      return promise;
    };
    batches = new CallBatches({ clock, memory: new DaemonMemory(), perform, onCommitted: () => {} });
  });

  const calls = (): readonly (readonly string[])[] => begun.map((one) => one.calls);
  /** Until everything that can happen without a timer has. */
  const rest = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
  };
  const settle = (urgency?: 'lazy'): Promise<unknown> => batches.call('settle', { outcomes: [] }, urgency);
  const claim = (): Promise<unknown> => batches.call('claim', { queue: 'api', limit: 1, now: 0 }, 'lazy');
  const create = (): Promise<unknown> => batches.call('createRun', {});

  it('are those of a turn, and then those that have come meanwhile', async () => {
    const first = [create(), create()];
    await rest();
    const next = [create(), settle()];
    await rest();
    assert.deepEqual(calls(), [['createRun', 'createRun']]);
    begun[0]?.end();
    assert.deepEqual(await Promise.all(first), ['createRun', 'createRun']);
    await rest();
    begun[1]?.end();
    assert.deepEqual(await Promise.all(next), ['createRun', 'settle']);
    assert.deepEqual(calls(), [['createRun', 'createRun'], ['createRun', 'settle']]);
  });

  it('follow a commit that is on its way, if they are claims and outcomes', async () => {
    void claim();
    await rest();
    void settle();
    await rest();
    assert.equal(begun.length, 1);
    begun[0]?.send();
    await rest();
    assert.deepEqual(calls(), [['claim'], ['settle']]);
  });

  it('wait for its end if they are anything else, with what comes meanwhile', async () => {
    void settle();
    await rest();
    begun[0]?.send();
    await rest();
    void create();
    await rest();
    void claim();
    await rest();
    assert.equal(begun.length, 1);
    begun[0]?.end();
    await rest();
    assert.deepEqual(calls(), [['settle'], ['createRun', 'claim']]);
  });

  it('do not begin with outcomes that nobody waits for: these go with a claim', async () => {
    void claim();
    await rest();
    void settle('lazy');
    begun[0]?.send();
    await rest();
    begun[0]?.end();
    await rest();
    assert.equal(begun.length, 1);
    void settle('lazy');
    void claim();
    await rest();
    assert.deepEqual(calls(), [['claim'], ['settle', 'settle', 'claim']]);
  });

  it('begin with them a while after the last transaction', async () => {
    void claim();
    await rest();
    void settle('lazy');
    await rest();
    begun[0]?.end();
    await rest();
    await clock.advance(4, rest);
    assert.equal(begun.length, 1);
    await clock.advance(1, rest);
    assert.deepEqual(calls(), [['claim'], ['settle']]);
  });

  it('have one each where they failed together by a bug', async () => {
    const [one, two] = [create(), create()];
    await rest();
    begun[0]?.fail(new Error('a bug'));
    await rest();
    begun[1]?.fail(new Error('a bug in the first'));
    await assert.rejects(one, /a bug in the first/);
    await rest();
    begun[2]?.end();
    assert.equal(await two, 'createRun');
    assert.deepEqual(calls(), [['createRun', 'createRun'], ['createRun'], ['createRun']]);
  });

  it('are all answered at the end', async () => {
    void settle('lazy');
    const ended = batches.end();
    await rest();
    begun[0]?.end();
    await ended;
    assert.deepEqual(calls(), [['settle']]);
  });
});
