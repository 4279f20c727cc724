import assert from 'node:assert/strict';
import type { ConnectionState } from '../../../../client/connection-state.ts';
import { type Health, healthOf, type ProjectHealth, SteadySeverity } from '../../../../extension/status-bar/health.ts';
import type { DaemonStatus } from '../../../../schemas/protocol/daemon-status.ts';
import { alert, minutesAgo, now, queue } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

const status: DaemonStatus = {
  pid: 1,
  version: '0.1.0',
  project: '/p',
  endpoint: 'http://127.0.0.1:1',
  startedAt: '2026-11-24T09:00:00.000Z',
  uptimeMs: 1,
  durability: 'full',
  store: { ok: true, kind: 'embedded', bytes: 1 },
  problems: 0,
  runs: { running: 0 },
  lateOutcomes: 0,
  queues: [],
};
const connected: ConnectionState = { kind: 'connected', daemon: new ScriptedTopics(), status, outdated: false };
const project = (fields: Partial<ProjectHealth> = {}): ProjectHealth => ({ name: 'shop', folder: 'file:///shop', connection: connected, status, queues: [queue({ depth: { pending: 40, delayed: 1, active: 1, dead: 0 } })], ...fields });

const healthAt = (projects: readonly ProjectHealth[]): Health => healthOf(projects, now);

describe('the health of a window', () => {
  it('is the total depth at rest', () => {
    assert.deepEqual(healthAt([project(), project({ queues: [] })]), { text: '$(inbox) 42', severity: 'rest', isEmpty: false, reasons: [], label: 'Sluice: 42 jobs in the queues' });
  });

  it('has the severity of the gravest alert, names each, and leads to its queue', () => {
    const filling = queue({ name: 'crm', alerts: [alert({ kind: 'filling', value: 360_000, threshold: 300_000, unit: 'ms' })] });
    const deep = queue({ name: 'esp', alerts: [alert({ severity: 'error' })] });
    const warning = healthAt([project({ queues: [filling] })]);
    assert.deepEqual([warning.severity, warning.text.startsWith('$(warning)'), warning.target], ['warning', true, { folder: 'file:///shop', queue: 'crm' }]);
    const error = healthAt([project({ queues: [filling, deep] })]);
    assert.deepEqual([error.severity, error.text.startsWith('$(error)'), error.target], ['error', true, { folder: 'file:///shop', queue: 'esp' }]);
    assert.deepEqual(error.reasons, ['esp has 5,200 jobs waiting; the threshold is 5,000.', 'crm has been filling for 6m: more jobs arrive than are completed. The threshold is 5m.']);
  });

  it('has no colour where the cause of an alert has gone, and says what it was and when it clears', () => {
    const drained = queue({ name: 'crm', depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, alerts: [alert({ severity: 'error', value: 0, threshold: 1000, peak: { value: 2786, at: minutesAgo(2) }, endsAt: new Date(now + 40_000).toISOString() })] });
    const health = healthAt([project({ queues: [drained] })]);
    assert.deepEqual([health.severity, health.text, health.isEmpty], ['rest', '$(inbox) 0', true]);
    assert.match(health.reasons.join(), /^Jobs waiting in crm: 0 now, 2,786 at \d\d:\d\d; the threshold is 1,000\. The alert clears in 40s\.$/);
  });

  it('shows no nought in red: what is the matter is in its place', () => {
    const failing = queue({ name: 'crm', depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, alerts: [alert({ kind: 'failure-rate', severity: 'error', value: 0.9, threshold: 0.2, unit: 'share' })] });
    assert.equal(healthAt([project({ queues: [failing] })]).text, '$(error) crm: many failures');
  });

  it('counts dead letters without colour, as nobody set a threshold', () => {
    const dead = healthAt([project({ queues: [queue({ name: 'erp', depth: { pending: 1, delayed: 0, active: 0, dead: 3 } })] })]);
    assert.deepEqual([dead.text, dead.severity, dead.label], ['$(inbox) 1 · 3 dead', 'rest', 'Sluice: 1 job in the queues. 3 dead letters']);
  });

  it('is a warning where a queue is full', () => {
    const full = healthAt([project({ queues: [queue({ maxDepth: 5 })] })]);
    assert.deepEqual([full.severity, full.reasons], ['warning', ['erp is full and takes no more jobs.']]);
  });

  it('is an error where the store is not writable or the daemon died, and says that before any warning', () => {
    const full: DaemonStatus = { ...status, store: { ok: false, kind: 'embedded', bytes: 1, problem: 'the disk is full' } };
    const health = healthAt([project({ status: full, queues: [queue({ depth: { pending: 0, delayed: 0, active: 0, dead: 1 } })] })]);
    assert.deepEqual([health.severity, health.reasons[0]], ['error', 'The store of shop is not writable: the disk is full']);
    const died = healthAt([project({ connection: { kind: 'stopped', crashed: true }, status: undefined, queues: [] })]);
    assert.deepEqual([died.text, died.severity], ['$(error) Sluice', 'error']);
  });

  it('is an error where webhooks can not be received, and says why', () => {
    const deaf = healthAt([project({ status: { ...status, webhooks: { state: 'trouble', listen: '127.0.0.1:4681', problem: 'Webhooks can\'t be received: the port is taken.' } }, queues: [] })]);
    assert.deepEqual([deaf.severity, deaf.text, deaf.reasons], ['error', '$(error) webhooks', ["shop: Webhooks can't be received: the port is taken."]]);
    const heard = healthAt([project({ status: { ...status, webhooks: { state: 'listening', listen: '127.0.0.1:4681' } }, queues: [] })]);
    assert.notEqual(heard.severity, 'error');
  });

  it('is an error where the folder of a project is gone, and says so', () => {
    const gone = healthAt([project({ connection: { kind: 'gone', problem: { kind: 'folder-gone', folder: '/srv/shop' } }, status: undefined, queues: [] })]);
    assert.deepEqual([gone.text, gone.severity, gone.reasons], ['$(error) Sluice', 'error', ['The folder /srv/shop is gone: it was deleted, renamed or moved.']]);
  });

  it('is at rest, and says so, where nobody has started a daemon', () => {
    const health = healthAt([project({ connection: { kind: 'stopped' }, status: undefined, queues: [] })]);
    assert.deepEqual([health.text, health.severity, health.label], ['$(circle-slash) Sluice', 'rest', 'Sluice: no daemon runs']);
  });

  it('says what waits for a daemon that was stopped, without colour, and beside what other projects have', () => {
    const stopped = project({ connection: { kind: 'stopped', left: { at: '2026-11-24T14:05:00.000Z', waiting: 1_042, dead: 3 } }, status: undefined, queues: [] });
    const alone = healthAt([stopped]);
    assert.deepEqual([alone.text, alone.severity], ['$(circle-slash) 1,042 waiting', 'rest']);
    assert.match(alone.reasons.join(), /^1,042 jobs were waiting when the daemon of shop stopped at Nov 2[45], \d\d:\d\d\. There were 3 dead letters\.$/);
    assert.match(alone.label, /^Sluice: no daemon runs\. 1,042 jobs were waiting/);
    const other = healthAt([project({ name: 'other' }), stopped]);
    assert.deepEqual([other.text, other.reasons], ['$(inbox) 42', alone.reasons]);
    const none = healthAt([{ ...stopped, connection: { kind: 'stopped', left: { at: '2026-11-24T14:05:00.000Z', waiting: 0, dead: 3 } } }]);
    assert.deepEqual([none.text, none.reasons], ['$(circle-slash) Sluice', []]);
    const one = healthAt([{ ...stopped, connection: { kind: 'stopped', left: { at: '2026-11-24T14:05:00.000Z', waiting: 1, dead: 0 } } }]);
    assert.match(one.reasons.join(), /^1 job was waiting when/);
  });

  it('keeps its number while a connection is looked for', () => {
    assert.equal(healthAt([project({ connection: { kind: 'reconnecting', attempt: 1 } })]).text, '$(sync~spin) 42');
  });
});

describe('a steady severity', () => {
  it('rises immediately, and falls after ten seconds on end', () => {
    const steady = new SteadySeverity();
    assert.deepEqual(steady.next('warning', 0), { shown: 'warning' });
    assert.deepEqual(steady.next('rest', 1000), { shown: 'warning', againInMs: 10_000 });
    assert.deepEqual(steady.next('error', 2000), { shown: 'error' });
    assert.deepEqual(steady.next('rest', 3000), { shown: 'error', againInMs: 10_000 });
    assert.deepEqual(steady.next('rest', 12_999), { shown: 'error', againInMs: 1 });
    assert.deepEqual(steady.next('rest', 13_000), { shown: 'rest' });
  });

  it('does not blink where it comes and goes', () => {
    const steady = new SteadySeverity();
    const shown = Array.from({ length: 40 }, (_, second) => steady.next(second % 2 === 0 ? 'warning' : 'rest', second * 1000).shown);
    assert.deepEqual(new Set(shown), new Set(['warning']));
  });

  it('falls by one step where a warning came in between', () => {
    const steady = new SteadySeverity();
    steady.next('error', 0);
    steady.next('rest', 1000);
    steady.next('warning', 2000);
    assert.equal(steady.next('rest', 11_000).shown, 'warning');
    assert.equal(steady.next('rest', 21_000).shown, 'rest');
  });
});
