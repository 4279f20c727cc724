import assert from 'node:assert/strict';
import { DaemonClient } from '../../../../daemon/cli/daemon-client.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { TopicState } from '../../../../schemas/protocol/subscription.ts';
import { benchToken, ServerBench } from '../../../support/server-bench.ts';

describe('the client of the command, at the real server', () => {
  let bench: ServerBench;

  beforeEach(async () => {
    bench = await ServerBench.start({
      handlers: {
        'run/start': async ({ workflow }) => {
          if (workflow === 'full') throw new CodedError('queue-full', 'The queue erp is full.', { queue: 'erp' });
          return { id: 'r1' };
        },
      },
      limits: { changeEveryMs: 1 },
    });
  });
  afterEach(async () => bench.stop());

  it('calls, and gets errors as they were thrown', async () => {
    const client = await DaemonClient.open({ port: bench.port, token: benchToken });
    assert.deepEqual(await client.call('run/start', { workflow: 'letter' }), { id: 'r1' });
    await assert.rejects(client.call('run/start', { workflow: 'full' }), { code: 'queue-full', message: 'The queue erp is full.', data: { queue: 'erp' } });
    await client.close();
  });

  it('subscribes', async () => {
    const client = await DaemonClient.open({ port: bench.port, token: benchToken });
    bench.topics.state = () => ({ lines: ['one'] });
    const told = Promise.withResolvers<TopicState>();
    assert.deepEqual(await client.subscribe({ topic: 'log' }, (change) => told.resolve(change)), { lines: ['one'] });
    bench.topics.line('two');
    assert.deepEqual(await told.promise, { lines: ['two'] });
    await client.close();
  });

  it('is not let in with the token of another daemon', async () => {
    await assert.rejects(DaemonClient.open({ port: bench.port, token: 'of-another-daemon' }), /401/);
  });
});
