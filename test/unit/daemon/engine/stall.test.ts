import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('a process that could not run for a while', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const start = (script: string): Promise<number> =>
    bench.run(`steps: { call: { uses: test/scripted, timeout: 3s, retry: none, with: { do: ${script} } } }`);
  const outcome = async (run: number): Promise<unknown> => {
    const { state, attempts } = await bench.jobOf(run, 'call');
    return [state, attempts.map((attempt) => attempt.state)];
  };

  it('reads an answer that came in time before it judges', async () => {
    const run = await start('deaf');
    await bench.advance(second);
    bench.clock.stall(6 * second);
    // Timers come before sockets: the limit is looked at, and then the answer is read.
    await bench.advance(0);
    bench.action.endDeaf();
    await bench.rest();
    assert.deepEqual(await outcome(run), ['succeeded', ['succeeded']]);
  });

  it('charges no attempt that it was cut off from', async () => {
    const run = await start('[hang, ok]');
    await bench.advance(second);
    bench.clock.stall(6 * second);
    await bench.advance(2.9 * second);
    assert.deepEqual(await outcome(run), ['active', ['active']], 'as much time as was lost, three seconds at most');
    await bench.advance(0.2 * second);
    assert.deepEqual(await outcome(run), ['succeeded', ['interrupted', 'succeeded']]);
  });

  it('charges none that lost its connection while the machine slept', async () => {
    const run = await start('["lost:2", ok]');
    await bench.advance(second);
    bench.clock.sleep(8 * 3600 * second);
    bench.clock.now();
    await bench.advance(second);
    assert.deepEqual(await outcome(run), ['succeeded', ['interrupted', 'succeeded']]);
  });

  it('charges every other', async () => {
    bench.clock.stall(6 * second);
    await bench.advance(0);
    const run = await start('hang');
    await bench.advance(3 * second);
    assert.deepEqual(await outcome(run), ['dead', ['failed']]);
    const refused = await start('503');
    assert.deepEqual(await outcome(refused), ['dead', ['failed']]);
  });

  it('charges at last a job that is what keeps it from running', async () => {
    const run = await start('hang');
    for (let times = 0; times < 11; times++) {
      bench.clock.stall(6 * second);
      await bench.advance(3.1 * second);
    }
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts.length, attempts.at(-1)?.error?.kind], ['dead', 11, 'timeout']);
  });
});
