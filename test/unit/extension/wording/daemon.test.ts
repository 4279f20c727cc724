import assert from 'node:assert/strict';
import { crashText, daemonDescription, daemonFacts, daemonLabel, sharingDescription } from '../../../../extension/wording/daemon.ts';
import { formatMoment } from '../../../../extension/wording/language.ts';
import type { DaemonView } from '../../../../schemas/protocol/daemon-status.ts';

const aliveAt = '2026-11-28T08:02:11.000Z';
const jobs = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6', 'j7'];

describe('words for a crash', () => {
  const told = (interrupted: number): string => crashText('shop', { aliveAt, interrupted, jobs: jobs.slice(0, interrupted) });

  it('say when, and that it runs again', () => {
    assert.equal(told(0), `The daemon of shop crashed or was killed (last alive: ${formatMoment(aliveAt)}) and is running again. No call was in progress.`);
  });

  it('say which calls may have their effect twice, by name up to five', () => {
    assert.match(told(1), /One call was in progress\. It is made again, so its effect may happen twice: j1\.$/);
    assert.match(told(5), / 5 calls were in progress\. They are made again, so their effects may happen twice: j1, j2, j3, j4, j5\.$/);
    assert.match(told(6), /twice: j1, j2, j3, j4, j5 and one other\.$/);
    assert.match(crashText('shop', { aliveAt, interrupted: 1200, jobs }), / 1,200 calls were in progress\. .* twice: j1, j2, j3, j4, j5 and 1,195 others\.$/);
  });
});

describe('the daemons that share a store, in the editor', () => {
  const now = Date.UTC(2026, 10, 24, 10, 0, 0);
  const ago = (ms: number): string => new Date(now - ms).toISOString();
  const store = { ok: true, bytes: 1, kind: 'postgres', server: 'db.example.com:5432/jobs', schema: 'shop' } as const;
  const one: DaemonView = {
    name: 'one:/p#1', host: 'one', folder: '/p', self: true, health: 'ok', seenAt: ago(2000), leaseEndsAt: ago(-28_000), leads: true, version: '1.2.3', protocol: 1, pid: 7, startedAt: ago(3_600_000), hints: true,
    active: [{ queue: 'api', count: 12 }, { queue: 'default', count: 1 }],
  };
  const two: DaemonView = { ...one, name: 'two:/p#2', host: 'two', health: 'silent', seenAt: ago(120_000), leads: false, hints: false, active: [] };
  const { self: _, ...other } = two;

  it('are counted, and those that are not well too', () => {
    assert.equal(sharingDescription({ store, daemons: { leads: true, all: [one] } }), 'one shares the store');
    assert.equal(sharingDescription({ store, daemons: { leads: true, all: [one, { ...other, health: 'ok' }] } }), '2 share the store');
    assert.equal(sharingDescription({ store, daemons: { leads: true, all: [one, other] } }), 'one shares the store · 1 late or silent');
    assert.equal(sharingDescription({ store: { ...store, ok: false }, daemons: { leads: true, all: [one, other] } }), 'the store is not writable');
  });

  it('each say how they are and what they have under way', () => {
    assert.equal(daemonDescription(one, now), 'ok · 13 active · leads · this one');
    assert.equal(daemonDescription(other, now), 'silent: last check-in 2m ago');
    assert.equal(daemonLabel(one, { leads: true, all: [one, other] }), 'one');
    const beside = { ...other, name: 'one:/q#1', host: 'one', folder: '/q' };
    assert.deepEqual([one, beside].map((daemon) => daemonLabel(daemon, { leads: true, all: [one, beside] })), ['one:/p', 'one:/q']);
    const twin = { ...other, name: 'one:/p#1 (2)', host: 'one' };
    assert.deepEqual([one, twin].map((daemon) => daemonLabel(daemon, { leads: true, all: [one, twin] })), ['one:/p#1', 'one:/p#1 (2)']);
  });

  it('say more when the mouse rests on them: never more than is known', () => {
    const facts = new Map(daemonFacts(one, store, now));
    assert.deepEqual([facts.get('Active'), facts.get('Version'), facts.get('Store'), facts.has('Lease'), facts.has('Hints')], ['api 12, default 1', '1.2.3, protocol 1', 'db.example.com:5432/jobs, schema shop', false, false]);
    const silent = new Map(daemonFacts(other, store, now));
    assert.match(silent.get('Lease') ?? '', /^over: the others have taken over/);
    assert.match(silent.get('Hints') ?? '', /none come/);
    assert.equal(silent.get('Active'), 'nothing');
  });
});
