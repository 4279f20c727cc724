import assert from 'node:assert/strict';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { SignalService } from '../../../../daemon/service/signal-service.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const text = `
steps:
  approve:
    uses: wait/signal
    with: { name: approve, payload: { approved: { type: boolean }, comment: { type: string, default: "" } } }
  later:
    needs: [approve]
    uses: wait/signal
    with: { name: later, payload: { n: { type: integer } } }
`;

describe('answers to runs', () => {
  let bench: EngineBench;
  let signals: SignalService;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
    signals = new SignalService({ engine: bench.engine, store: bench.store, clock: bench.clock, masker: () => new Masker(['tok-12345678']) });
    await bench.run(text);
  });
  afterEach(() => bench.dispose());

  const refused = (name: string, payload?: unknown) => assert.rejects(signals['signal/send']({ run: 'r1', name, ...(payload === undefined ? {} : { payload }) }), { code: 'invalid-inputs' });

  it('fill in defaults, and say what continues', async () => {
    const { ended, by, at } = await signals['signal/send']({ run: 'r1', name: 'approve', payload: { approved: true }, by: 'ada' });
    assert.deepEqual(ended, ['j1']);
    assert.deepEqual((await bench.job(1)).output, { payload: { approved: true, comment: '' }, by: 'ada', at });
    assert.equal(by, 'ada');
  });

  it('without a payload, where one is asked for, are told what it takes', async () => {
    const told = { code: 'invalid-inputs', message: "'approve' asks for a payload, and the answer has none. It takes approved, comment." };
    await assert.rejects(signals['signal/send']({ run: 'r1', name: 'approve' }), told);
  });

  it('are refused if they do not fit, early ones as well, and nothing is lost by it', async () => {
    await refused('approve');
    await refused('approve', { approved: 'yes' });
    await refused('approve', { approved: true, more: 1 });
    await refused('later', { n: 1.5 });
    assert.deepEqual((await signals['signal/send']({ run: 'r1', name: 'later', payload: { n: 1 } })).ended, []);
    await signals['signal/send']({ run: 'r1', name: 'approve', payload: { approved: true } });
    await bench.rest();
    assert.deepEqual(await bench.states(1), { run: 'succeeded', approve: 'succeeded', later: 'succeeded' });
  });

  it('keep no secret', async () => {
    await signals['signal/send']({ run: 'r1', name: 'approve', payload: { approved: true, comment: 'use tok-12345678' }, by: 'tok-12345678' });
    assert.doesNotMatch(JSON.stringify(await bench.job(1)), /tok-12345678/);
  });

  it('are listed while they are waited for, with what they take', async () => {
    const { waits } = await signals['signal/list']({});
    assert.deepEqual(waits.map(({ run, job, step, signal, payload }) => ({ run, job, step, signal, payload })), [
      { run: 'r1', job: 'j1', step: 'approve', signal: 'approve', payload: { approved: { type: 'boolean' }, comment: { type: 'string', default: '' } } },
    ]);
    assert.deepEqual(await signals['signal/list']({ run: 'r2' }), { waits: [] });
  });

  it('are told to a person by the first client that asks, once for each wait', async () => {
    const { waits } = await signals['signal/list']({});
    const asked = waits.map(({ job, since }) => ({ job, since }));
    assert.deepEqual(await signals['signal/notice']({ waits: asked }), { jobs: ['j1'] });
    assert.deepEqual(await signals['signal/notice']({ waits: asked }), { jobs: [] });
    assert.deepEqual(await signals['signal/notice']({ waits: [{ job: 'j1', since: '2027-01-01T00:00:00.000Z' }] }), { jobs: ['j1'] });
  });
});
