import assert from 'node:assert/strict';
import { MetricsListener } from '../../../../daemon/server/metrics-listener.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { freePort } from '../../../support/free-port.ts';
import { KeptLog } from '../../../support/server-bench.ts';

describe('the listener for metrics', () => {
  let clock: FakeClock;
  let log: KeptLog;
  let listener: MetricsListener;
  let metrics: () => Promise<string>;

  beforeEach(() => {
    clock = new FakeClock();
    log = new KeptLog();
    metrics = async () => 'sluice_store_up 1\n';
    listener = new MetricsListener({ metrics: () => metrics(), clock, log });
  });
  afterEach(() => listener.stop());

  const url = (path = '/metrics'): string => `http://127.0.0.1:${listener.port}${path}`;

  it('answers /metrics and nothing else', async () => {
    await listener.apply({ host: '127.0.0.1', port: 0 });
    const response = await fetch(url());
    assert.deepEqual([response.status, await response.text()], [200, 'sluice_store_up 1\n']);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal((await fetch(url('/rpc'))).status, 404);
    assert.equal((await fetch(url('/metrics?x=1'))).status, 404);
    assert.equal((await fetch(url(), { method: 'POST' })).status, 405);
    assert.equal((await fetch(url(), { headers: { origin: 'https://evil.example' } })).status, 403);
  });

  it('answers 503 where the figures can\'t be read, without what went wrong', async () => {
    await listener.apply({ host: '127.0.0.1', port: 0 });
    metrics = async () => Promise.reject(new Error('m4rk3r'));
    const response = await fetch(url());
    assert.equal(response.status, 503);
    assert.ok(!(await response.text()).includes('m4rk3r'));
    assert.match(log.text(), /metrics could not be read/);
  });

  it('tries an address that another program has again, says so once, and goes away when the file does', async () => {
    const port = await freePort();
    const other = new MetricsListener({ metrics, clock, log });
    await other.apply({ host: '127.0.0.1', port });
    await listener.apply({ host: '127.0.0.1', port });
    assert.equal(listener.port, undefined);
    await clock.advance(5_000);
    await listener.apply({ host: '127.0.0.1', port });
    assert.equal(log.entries.filter(({ level }) => level === 'warn').length, 1);
    await other.stop();
    await clock.advance(5_000);
    await listener.apply({ host: '127.0.0.1', port });
    assert.equal(listener.port, port);
    await listener.apply(undefined);
    assert.equal(listener.port, undefined);
  });
});
