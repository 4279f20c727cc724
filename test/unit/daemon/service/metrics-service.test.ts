import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { MetricsService } from '../../../../daemon/service/metrics-service.ts';
import { QueueService } from '../../../../daemon/service/queue-service.ts';
import type { DaemonStatus } from '../../../../schemas/protocol/daemon-status.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('metrics', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  let asked = 0;
  const rest: Omit<DaemonStatus, 'queues'> = {
    pid: 1, version: '1.2.3', project: '/p', endpoint: 'http://127.0.0.1:1', startedAt: '2026-11-24T09:00:00.000Z', uptimeMs: 1, durability: 'full',
    store: { ok: true, bytes: 4096, kind: 'embedded' }, problems: 0, runs: { running: 1 }, lateOutcomes: 2, webhooks: { state: 'listening' },
  };

  function service(): MetricsService {
    const { engine, store, clock } = bench;
    const queues = new QueueService({ project: { fileOfQueue: () => undefined }, engine, store, clock });
    asked = 0;
    const status = async (): Promise<DaemonStatus> => {
      asked++;
      return { ...rest, queues: await queues.list() };
    };
    return new MetricsService({ status: { status }, engine, clock });
  }

  it('tell what waits in each queue, and count what it has done since the start, however long ago', async () => {
    const metrics = service();
    await bench.runMany('{ concurrency: 1 }', 3, 'slow:2');
    await bench.advance(4 * second);
    const text = await metrics.text();
    for (const line of [
      'sluice_build_info{version="1.2.3"} 1',
      'sluice_store_up 1',
      'sluice_store_bytes 4096',
      'sluice_runs_running 1',
      'sluice_late_outcomes_total 2',
      'sluice_webhooks_listening 1',
      'sluice_queue_jobs{queue="api",state="pending"} 0',
      'sluice_queue_jobs{queue="api",state="active"} 1',
      'sluice_queue_arrived_total{queue="api"} 3',
      'sluice_queue_attempts_total{queue="api",outcome="succeeded"} 2',
      'sluice_queue_attempts_total{queue="api",outcome="failed"} 0',
      'sluice_queue_attempt_seconds_sum{queue="api"} 4',
      'sluice_queue_attempt_seconds_count{queue="api"} 2',
      'sluice_queue_wait_seconds_sum{queue="api"} 6',
      'sluice_queue_concurrency_limit{queue="api"} 1',
      'sluice_queue_alerts{queue="api",severity="error"} 0',
    ]) assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
    await bench.advance(3 * 3600 * second);
    assert.ok((await metrics.text()).includes('sluice_queue_attempts_total{queue="api",outcome="succeeded"} 3\n'), 'a counter never falls');
  });

  it('ask the store once a second, however many ask', async () => {
    const metrics = service();
    const [first, other] = await Promise.all([metrics.text(), metrics.text()]);
    assert.equal(first, other);
    assert.equal(asked, 1);
    await bench.advance(second);
    await metrics.text();
    assert.equal(asked, 2);
  });

  it('have what the dashboard for Grafana asks for', async () => {
    const dashboard = await readFile(new URL('../../../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
    const names = new Set(dashboard.match(/\b(?:sluice|process)_[a-z_]+/g));
    assert.ok(names.size > 5);
    await bench.runMany('{ concurrency: 1 }', 1, 'slow:2');
    await bench.advance(4 * second);
    const text = await service().text();
    for (const name of names) assert.match(text, new RegExp(`^# TYPE ${name.replace(/_(?:sum|count)$/, '')} `, 'm'), name);
  });
});
