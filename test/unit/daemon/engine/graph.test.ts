import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('the steps of a run', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const states = async (text: string, inputs: Record<string, string | number | boolean | number[]> = {}): Promise<Record<string, string>> => bench.states(await bench.run(text, inputs));

  it('start when what they need has ended, side by side where nothing keeps them apart', async () => {
    const run = await bench.run(`
steps:
  a: { uses: test/scripted, with: { do: "slow:5" } }
  b: { uses: test/scripted, with: { do: "slow:9" } }
  c: { needs: [a, b], uses: test/scripted, with: {} }
  d: { needs: [a], uses: test/scripted, with: {} }
`);
    assert.deepEqual(await bench.states(run), { run: 'running', a: 'running', b: 'running', c: 'waiting', d: 'waiting' });
    await bench.advance(5 * second);
    assert.deepEqual(await bench.states(run), { run: 'running', a: 'succeeded', b: 'running', c: 'waiting', d: 'succeeded' });
    await bench.advance(4 * second);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('are skipped when what they need has failed, and so is what needs them', async () => {
    assert.deepEqual(await states(`
steps:
  a: { uses: test/scripted, with: { do: invalid } }
  b: { needs: [a], uses: test/scripted, with: {} }
  c: { needs: [b], uses: test/scripted, with: {} }
  d: { uses: test/scripted, with: {} }
`), { run: 'failed', a: 'failed', b: 'skipped', c: 'skipped', d: 'succeeded' });
  });

  it('are skipped where their `if` says so, without failing the run', async () => {
    assert.deepEqual(await states(`
inputs: { dry: { type: boolean } }
steps:
  a: { if: "!inputs.dry", uses: test/scripted, with: {} }
  b: { if: "\${{ inputs.dry }}", uses: test/scripted, with: {} }
`, { dry: true }), { run: 'succeeded', a: 'skipped', b: 'succeeded' });
  });

  it('may ask how others ended', async () => {
    const text = (script: string): string => `
steps:
  first: { uses: test/scripted, with: { do: ${script} } }
  middle: { needs: [first], uses: test/scripted, with: {} }
  fine: { needs: [middle], if: success(), uses: test/scripted, with: {} }
  broken: { needs: [middle], if: failure(), uses: test/scripted, with: {} }
  anyway: { needs: [middle], if: always(), uses: test/scripted, with: {} }
  asks: { needs: [first], if: "always() && steps.first.status == 'failed'", uses: test/scripted, with: {} }
`;
    assert.deepEqual(await states(text('ok')), {
      run: 'succeeded', first: 'succeeded', middle: 'succeeded', fine: 'succeeded', broken: 'skipped', anyway: 'succeeded', asks: 'skipped',
    });
    assert.deepEqual(await states(text('invalid')), {
      run: 'failed', first: 'failed', middle: 'skipped', fine: 'skipped', broken: 'succeeded', anyway: 'succeeded', asks: 'succeeded',
    });
  });

  it('see nothing of a step that was skipped', async () => {
    await states(`
steps:
  a: { if: "false", uses: test/scripted, with: {} }
  b: { if: always(), needs: [a], uses: test/scripted, with: { output: "\${{ steps.a.output }}", status: "\${{ steps.a.status }}" } }
`);
    assert.deepEqual(bench.action.inputs, [{ output: null, status: 'skipped' }]);
  });

  it('fail where their `if` can\'t be decided, and say why', async () => {
    const run = await bench.run('inputs: { n: {} }\nsteps: { a: { if: "inputs.n.deep > 1", uses: test/scripted, with: {} } }', { n: {} });
    assert.deepEqual(await bench.states(run), { run: 'failed', a: 'failed' });
    assert.match((await bench.runDetail(run)).steps[0]?.error?.message ?? '', /inputs\.n\.deep > 1/);
    assert.equal(bench.action.seen.length, 0);
  });

  it('whose payload has no value are dead letters, to be edited and replayed', async () => {
    const run = await bench.run('inputs: { n: {} }\nsteps: { a: { uses: test/scripted, with: { to: "${{ inputs.n.email }}" } } }', { n: {} });
    const { number, state, error, attempts } = await bench.jobOf(run, 'a');
    assert.deepEqual([state, error?.kind, attempts.length], ['dead', 'invalid', 0]);
    assert.match(error?.message ?? '', /inputs\.n\.email/);
    await bench.replay([number], { to: 'ann@x' });
    assert.deepEqual(await bench.states(run), { run: 'succeeded', a: 'succeeded' });
    assert.deepEqual(bench.action.inputs, [{ to: 'ann@x' }]);
  });

  it('of on-failure run once the run has failed, and can tell why', async () => {
    assert.deepEqual(await states(`
steps:
  a: { uses: test/scripted, with: { do: invalid } }
  b: { needs: [a], uses: test/scripted, with: {} }
on-failure:
  tell: { uses: test/scripted, with: { why: "\${{ run.error.message }}", step: "\${{ run.error.step }}" } }
  then: { needs: [tell], uses: test/scripted, with: { status: "\${{ steps.a.status }}" } }
`), { run: 'failed', a: 'failed', b: 'skipped', tell: 'succeeded', then: 'succeeded' });
    assert.deepEqual(bench.action.inputs.slice(1), [{ why: 'The attempt met: invalid.', step: 'a' }, { status: 'failed' }]);
  });

  it('of on-failure run once only, however often the run fails, and never in a run that succeeds', async () => {
    const run = await bench.run(`
steps: { a: { uses: test/scripted, with: { do: invalid } } }
on-failure: { tell: { uses: test/scripted, with: { tell: true } } }
`);
    const { number } = await bench.jobOf(run, 'a');
    await bench.replay([number]);
    await bench.replay([number]);
    assert.equal((await bench.states(run))['run'], 'failed');
    assert.equal(bench.action.inputs.filter(({ tell }) => tell === true).length, 1);

    const fine = await states('steps: { a: { uses: test/scripted, with: {} } }\non-failure: { tell: { uses: test/scripted, with: { tell: true } } }');
    assert.deepEqual(fine, { run: 'succeeded', a: 'succeeded', tell: 'waiting' });
  });

  it('of on-failure leave the run failed when they fail themselves', async () => {
    assert.deepEqual(await states(`
steps: { a: { uses: test/scripted, with: { do: invalid } } }
on-failure: { tell: { uses: test/scripted, with: { do: invalid } }, then: { needs: [tell], uses: test/scripted, with: {} } }
`), { run: 'failed', a: 'failed', tell: 'failed', then: 'skipped' });
  });
});

describe('a failed item', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  async function each(foreach: string, scripts: readonly string[], concurrency = 1): Promise<{ step: string | undefined; tally: Record<string, number> }> {
    const run = await bench.run(`
queues: { mail: { concurrency: ${concurrency} } }
inputs: { list: { type: array } }
steps:
  each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", ${foreach} }, with: { do: "\${{ item }}" } }
`, { list: [...scripts] });
    await bench.advance(60 * second);
    return { step: (await bench.states(run))['each'], tally: await bench.tally(run) };
  }

  const bad = (count: number, of: number): string[] => Array.from({ length: of }, (_, index) => (index < count ? 'invalid' : 'ok'));

  it('lets the others continue with `continue`, and fails the step at the end', async () => {
    assert.deepEqual(await each('on-item-failure: continue', bad(2, 10)), { step: 'failed', tally: { dead: 2, succeeded: 8 } });
  });

  it('cancels the others with `fail`', async () => {
    assert.deepEqual(await each('on-item-failure: fail', bad(1, 10)), { step: 'failed', tally: { dead: 1, cancelled: 9 } });
  });

  it('is tolerated up to a count', async () => {
    assert.equal((await each('on-item-failure: continue, tolerate: 2', bad(2, 10))).step, 'succeeded');
    assert.equal((await each('on-item-failure: continue, tolerate: 2', bad(3, 10))).step, 'failed');
    assert.deepEqual(await each('on-item-failure: fail, tolerate: 2', bad(2, 10)), { step: 'succeeded', tally: { dead: 2, succeeded: 8 } });
    assert.deepEqual(await each('on-item-failure: fail, tolerate: 2', bad(4, 10)), { step: 'failed', tally: { dead: 3, cancelled: 7 } });
  });

  it('is tolerated up to a share of all items', async () => {
    assert.equal((await each('on-item-failure: continue, tolerate: 2%', bad(2, 100))).step, 'succeeded');
    assert.equal((await each('on-item-failure: continue, tolerate: 2%', bad(3, 100))).step, 'failed');
    assert.deepEqual(await each('on-item-failure: fail, tolerate: 2%', bad(2, 100)), { step: 'succeeded', tally: { dead: 2, succeeded: 98 } });
  });

  it('fails the step as soon as the share of all items can be told, and not at its end', async () => {
    const { step, tally } = await each('on-item-failure: fail, tolerate: 1%', bad(30, 2000));
    assert.equal(step, 'failed');
    assert.ok((tally['cancelled'] ?? 0) > 1000, JSON.stringify(tally));
  });

  it('lets what is under way end, but not be tried again', async () => {
    const { tally } = await each('on-item-failure: fail', ['slow:5', '503', 'invalid', 'ok'], 3);
    assert.deepEqual(tally, { succeeded: 1, cancelled: 2, dead: 1 });
  });
});
