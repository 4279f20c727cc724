import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';
import { AnswerBudget } from '../../../../daemon/engine/attempt-answers.ts';

const never = new AbortController().signal;

describe('the budget of answers', () => {
  /** What was granted so far, by name, in order. */
  function asking(budget: AnswerBudget): { readonly granted: string[]; ask(name: string, bytes: number, signal?: AbortSignal): void; settle(): Promise<void> } {
    const granted: string[] = [];
    return {
      granted,
      ask: (name, bytes, signal = never) => void budget.take(bytes, signal).then((taken) => granted.push(`${name} ${taken}`)),
      settle: async () => new Promise((resolve) => setImmediate(resolve)),
    };
  }

  it('gives each all that it asks for or nothing, in the order of asking', async () => {
    const budget = new AnswerBudget(100);
    const { granted, ask, settle } = asking(budget);
    ask('a', 60);
    ask('b', 50);
    ask('c', 10);
    await settle();
    assert.deepEqual(granted, ['a 60'], 'a small one that came later passes nobody by');
    budget.release(60);
    await settle();
    assert.deepEqual(granted, ['a 60', 'b 50', 'c 10']);
  });

  it('gives one that is larger than the whole the whole, when it has it to itself', async () => {
    const budget = new AnswerBudget(100);
    const { granted, ask, settle } = asking(budget);
    ask('a', 1);
    ask('huge', 5000);
    await settle();
    budget.release(1);
    await settle();
    ask('b', 1);
    await settle();
    assert.deepEqual(granted, ['a 1', 'huge 100']);
    budget.release(100);
    await settle();
    assert.deepEqual(granted, ['a 1', 'huge 100', 'b 1']);
  });

  it('gives nothing to one that is aborted while it waits, and lets those behind it continue', async () => {
    const budget = new AnswerBudget(100);
    const { granted, ask, settle } = asking(budget);
    const controller = new AbortController();
    ask('a', 60);
    ask('b', 90, controller.signal);
    ask('c', 40);
    await settle();
    controller.abort();
    await settle();
    assert.deepEqual(granted, ['a 60', 'c 40', 'b 0']);
    ask('late', 1, controller.signal);
    await settle();
    assert.equal(granted.at(-1), 'late 0');
  });
});

describe('attempts with large answers', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  it('hold no more at a time than fits, and their time limit waits with them', async () => {
    const run = await bench.runMany('{ concurrency: 5, timeout: 10s, retry: none }', 5, 'large:30');
    assert.equal(bench.action.deafs, 2, 'two times 30 MB of 64 MiB');
    assert.deepEqual(await bench.tally(run), { active: 5 });
    for (let round = 0; round < 3; round++) {
      await bench.advance(9000);
      bench.action.endDeaf();
      await bench.rest();
    }
    assert.deepEqual(await bench.tally(run), { succeeded: 5 });
    const next = await bench.runMany('{ concurrency: 5, retry: none }', 2, 'large:30');
    assert.equal(bench.action.deafs, 2, 'all was given back');
    bench.action.endDeaf();
    await bench.rest();
    assert.deepEqual(await bench.tally(next), { succeeded: 2 });
  });

  it('are given up as others are, when they ask for room after their time is up', async () => {
    const run = await bench.runMany('{ concurrency: 1, timeout: 3s, retry: none }', 1, 'large-late:30');
    await bench.advance(12_900);
    assert.deepEqual(await bench.tally(run), { active: 1 });
    await bench.advance(200);
    assert.deepEqual(await bench.tally(run), { dead: 1 });
  });

  it('give back what they held, and what they waited for, when they are cancelled', async () => {
    const run = await bench.runMany('{ concurrency: 5, retry: none }', 4, 'large:60');
    assert.equal(bench.action.deafs, 1);
    await bench.cancelRun(run);
    bench.action.endDeaf();
    await bench.advance(20_000);
    const next = await bench.runMany('{ concurrency: 5, retry: none }', 1, 'large:60');
    assert.equal(bench.action.deafs, 1);
    bench.action.endDeaf();
    await bench.rest();
    assert.deepEqual(await bench.tally(next), { succeeded: 1 });
  });
});
