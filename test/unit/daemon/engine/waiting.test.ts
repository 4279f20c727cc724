import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('a step that waits', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const answer = async (runId: number, payload: unknown, name = 'approve'): Promise<void> => {
    await bench.store.signal({ runId, name, payload: JSON.stringify(payload), by: 'ada', now: bench.clock.now() });
    await bench.rest();
  };

  describe('for a while', () => {
    const text = 'steps:\n  pause: { uses: wait/for, with: { duration: 3d } }\n  then: { needs: [pause], uses: test/scripted, with: { do: ok } }\n';

    it('waits as long as it says, and lets others of its queue go on', async () => {
      const runId = await bench.run(`queues: { default: { concurrency: 1 } }\n${text}`);
      await bench.run('steps: { other: { uses: test/scripted, with: { do: ok } } }');
      assert.equal(bench.action.seen.length, 1, 'the one place of the queue is free');
      await bench.advance(3 * day - 1000);
      assert.deepEqual(await bench.states(runId), { run: 'running', pause: 'running', then: 'waiting' });
      await bench.advance(1001);
      assert.deepEqual(await bench.states(runId), { run: 'succeeded', pause: 'succeeded', then: 'succeeded' });
    });

    it('is as long over a crash in the middle, and goes on at once if its end came meanwhile', async () => {
      const runId = await bench.run(text);
      await bench.advance(day);
      await bench.crash();
      await bench.start();
      await bench.advance(2 * day - 1000);
      assert.equal((await bench.states(runId))['pause'], 'running');
      await bench.crash();
      await bench.clock.advance(hour, async () => {});
      await bench.start();
      await bench.advance(1);
      assert.deepEqual(await bench.states(runId), { run: 'succeeded', pause: 'succeeded', then: 'succeeded' });
    });

    for (const jump of [-6 * hour, 6 * hour, 10 * 365 * day]) {
      it(`is as long if the wall clock is set by ${jump / hour} h`, async () => {
        const runId = await bench.run(text);
        await bench.advance(day);
        bench.clock.jumpWall(jump);
        await bench.advance(2 * day - 1000);
        assert.equal((await bench.states(runId))['pause'], 'running');
        await bench.advance(1010);
        assert.equal((await bench.states(runId))['run'], 'succeeded');
      });
    }

    it('is a dead letter if what an expression gives is no duration', async () => {
      const runId = await bench.run('inputs: { days: { type: string } }\nsteps:\n  pause: { uses: wait/for, with: { duration: "${{ inputs.days }}" } }\n', { days: '3' });
      const { state, error } = await bench.jobOf(runId, 'pause');
      assert.deepEqual([state, error?.kind], ['dead', 'invalid']);
      await bench.replay(await bench.dead(runId), { duration: '3h' });
      await bench.advance(3 * hour);
      assert.equal((await bench.states(runId))['run'], 'succeeded');
    });

    it('a queue that is paused keeps no wait from ending', async () => {
      const runId = await bench.run('steps:\n  pause: { uses: wait/for, with: { duration: 1h } }\n');
      await bench.setQueue('default', { paused: true });
      await bench.advance(hour + 1);
      assert.equal((await bench.states(runId))['run'], 'succeeded');
    });
  });

  describe('for an answer', () => {
    const text = 'steps:\n  ask: { uses: wait/signal, with: { name: approve, timeout: 24h } }\n  then: { needs: [ask], uses: test/scripted, with: { do: ok, got: "${{ steps.ask.output }}" } }\n';

    it('hands it on, over a crash before and after it', async () => {
      const runId = await bench.run(text);
      await bench.crash();
      await bench.start();
      await answer(runId, { approved: true });
      const at = new Date(bench.clock.now()).toISOString();
      assert.deepEqual(bench.action.inputs.map(({ got }) => got), [{ payload: { approved: true }, by: 'ada', at }]);
      await bench.crash();
      await bench.start();
      await assert.rejects(answer(runId, { approved: false }), { code: 'wrong-state' });
    });

    it('fails when its time is over', async () => {
      const runId = await bench.run(text);
      await bench.advance(24 * hour + 1);
      assert.deepEqual(await bench.states(runId), { run: 'failed', ask: 'failed', then: 'skipped' });
      await assert.rejects(answer(runId, {}), { code: 'wrong-state', message: /has ended/ });
    });
  });

  describe('for a run', () => {
    const parent = 'inputs: { list: { type: array } }\nsteps:\n  each:\n    foreach: { items: "${{ inputs.list }}", on-item-failure: continue }\n    uses: workflow/run\n    with: { workflow: child, inputs: { do: "${{ item }}" } }\n';

    it('runs one for each item, without waiting for one another', async () => {
      bench.workflows.set('child', 'inputs: { do: { type: string } }\nsteps:\n  a: { uses: test/scripted, with: { do: "${{ inputs.do }}" } }\n  b: { needs: [a], uses: test/scripted, with: { do: ok } }\n');
      const runId = await bench.run(parent, { list: ['ok', '400', 'ok'] });
      const { runs } = await bench.store.listRuns({ limit: 10, parentRun: runId });
      assert.deepEqual(runs.map(({ id, state }) => [id, state]).reverse(), [['r2', 'succeeded'], ['r3', 'failed'], ['r4', 'succeeded']]);
      assert.deepEqual([await bench.states(runId), await bench.tally(runId)], [{ run: 'failed', each: 'failed' }, { succeeded: 2, dead: 1 }]);
      assert.deepEqual(await bench.faults(), []);
    });

    it('is made once, whatever crashes', async () => {
      bench.workflows.set('child', 'steps:\n  a: { uses: wait/signal, with: { name: x } }\n');
      const runId = await bench.run(parent, { list: ['1', '2', '3'] });
      for (let round = 0; round < 3; round++) {
        await bench.crash();
        await bench.start();
      }
      assert.equal((await bench.store.listRuns({ limit: 10 })).runs.length, 4);
      for (const child of [2, 3, 4]) await answer(child, null, 'x');
      assert.deepEqual(await bench.states(runId), { run: 'succeeded', each: 'succeeded' });
    });

    it('is a dead letter if there is no such workflow', async () => {
      const runId = await bench.run('steps: { only: { uses: workflow/run, with: { workflow: gone } } }');
      const { state, error } = await bench.jobOf(runId, 'only');
      assert.deepEqual([state, error?.cause, error?.message], ['dead', 'not found', 'workflow/run: There is no workflow gone.']);
    });
  });
});
