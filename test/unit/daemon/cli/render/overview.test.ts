import assert from 'node:assert/strict';
import { renderCheckSummary, renderChecks, renderDiagnostic } from '../../../../../daemon/cli/render/checks.ts';
import { renderLogLine } from '../../../../../daemon/cli/render/log-line.ts';
import { renderQueueLine, renderQueues, renderResumed } from '../../../../../daemon/cli/render/queues.ts';
import { renderLastStop, renderStatus } from '../../../../../daemon/cli/render/status.ts';
import type { DaemonStatus, DaemonView, LastStop } from '../../../../../schemas/protocol/daemon-status.ts';
import type { QueueAlert, ResumedQueue } from '../../../../../schemas/protocol/queue.ts';
import { minutesAgo, now, pipe, queue, terminal80 } from '../protocol-samples.ts';

describe('renderStatus', () => {
  const status = {
    pid: 7, version: '1.2.3', project: '/p', endpoint: 'http://127.0.0.1:1', startedAt: minutesAgo(5), uptimeMs: 300_000, durability: 'full',
    store: { ok: true, bytes: 4096, kind: 'embedded' }, problems: 0, runs: { running: 0 }, lateOutcomes: 0, queues: [],
  } as const;

  it('says what the machine lacks, and what follows from that', () => {
    const machine = { problem: 'This machine lacks file descriptors (EMFILE).', since: minutesAgo(1) };
    assert.match(renderStatus({ ...status, queues: [], machine: { ...machine, limit: 12 } }, pipe), /^ +machine +This machine lacks file descriptors \(EMFILE\)\. Attempts are put off and not charged; at most 12 are made at a time\.$/m);
    assert.match(renderStatus({ ...status, queues: [], machine }, pipe), /put off and not charged\.$/m);
    assert.doesNotMatch(renderStatus({ ...status, queues: [] }, pipe), /^ +machine/m);
  });

  it('shows who shares the store, who leads, and that this one has lost touch with it', () => {
    const shown = (daemons: NonNullable<DaemonStatus['daemons']>): string => renderStatus({ ...status, queues: [], daemons }, pipe);
    const seen = { protocol: 1, storeVersion: 2, startedAt: minutesAgo(90), leaseEndsAt: minutesAgo(0), leads: false, hints: true, active: [] };
    const one: DaemonView = { ...seen, name: 'one:/p#1', host: 'one', folder: '/p', self: true, health: 'ok', seenAt: minutesAgo(0), version: '1.2.3', leads: true, active: [{ queue: 'api', count: 12 }, { queue: 'default', count: 1 }] };
    const two: DaemonView = { ...seen, name: 'two:/p#2', host: 'two', folder: '/p', health: 'silent', seenAt: minutesAgo(2), version: '1.2.2' };
    const three: DaemonView = { ...seen, name: 'three:/p#3', host: 'three', folder: '/p', health: 'late', seenAt: new Date(now - 17_000).toISOString(), version: '1.3.0', hints: false };
    const four: DaemonView = { ...seen, name: 'three:/p#3 (2)', host: 'three', folder: '/p', health: 'left', seenAt: minutesAgo(3), version: '1.2.2' };
    const text = shown({ leads: true, all: [one, two, three, four] });
    assert.match(text, /^ +daemons +2 share the store; this one leads$/m);
    assert.match(text, /^one:\/p +this one, leads +ok +api 12, default 1 +1\.2\.3 +1h/m);
    assert.match(text, /^two:\/p +silent: last check-in 2m ago +- +1\.2\.2 +-$/m);
    // Two that are called alike are told apart.
    assert.match(text, /^three:\/p#3 +late: last check-in 17s ago/m);
    assert.match(text, /^three:\/p#3 \(2\) +stopped/m);
    assert.match(text, /^two:\/p has not checked in for its lease of 30 seconds/m);
    assert.match(text, /^Daemons of different versions of Sluice share the store: 1\.2\.3, 1\.3\.0\.$/m);
    assert.match(shown({ leads: true, all: [one] }), /no other one shares the store now; this one leads$/m);
    assert.match(shown({ leads: false, all: [one, two], lapsedAt: minutesAgo(5) }), /has not reached the store for too long, since 2026-11-24 09:55:00/);
    assert.doesNotMatch(renderStatus({ ...status, queues: [] }, pipe), /daemons/);
  });

  it('says since when the store can not be written', () => {
    const store = { ok: false, bytes: 0, kind: 'postgres' as const, problem: "The store's server db:5432/jobs can't be reached (ECONNREFUSED).", since: minutesAgo(5) };
    assert.match(renderStatus({ ...status, queues: [], store }, pipe), /can't be reached \(ECONNREFUSED\)\. Since 2026-11-24 09:55:00\. It is tried again/m);
    assert.doesNotMatch(renderStatus({ ...status, queues: [], store }, pipe), /There are no queues/);
  });

  it('tells of a crash, and of what may have been sent twice', () => {
    const aliveAt = minutesAgo(5);
    const shown = (interrupted: number, jobs: readonly string[]): string => renderStatus({ ...status, queues: [], lastCrash: { aliveAt, interrupted, jobs: [...jobs] } }, pipe);
    assert.match(shown(0, []), /^ +crash +The daemon of p crashed or was killed \(last alive: 2026-11-24 09:55:00\) and is running again\. No call was in progress\. `sluice logs` has the rest\.$/m);
    assert.match(shown(1, ['j7']), / One call was in progress\. It is made again, so its effect may happen twice: j7\. `sluice logs` has the rest\.$/m);
    assert.match(shown(30, ['j1', 'j2']), / 30 calls were in progress\. .* twice: j1, j2 and 28 others\./m);
    assert.doesNotMatch(renderStatus({ ...status, queues: [] }, pipe), /crash/);
  });
});

describe('renderQueues', () => {
  it('shows depth, rate, throughput and drain time', () => {
    assert.equal(
      renderQueues([queue(), queue({ name: 'default', rate: undefined, rateUsed: undefined, depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, oldestPendingAt: undefined, failureRate: 0, forecast: { state: 'idle' } } as never)], pipe),
      [
        'QUEUE    PENDING  DELAYED  ACTIVE  DEAD      RATE USED  PER MIN  FAILED  OLDEST  EMPTY IN',
        'erp       12,345        3   10/10     0  87 of 100/min       96    0.4%      7m        2h',
        'default        0        0    0/10     0       no limit       96      0%       -         -',
      ].join('\n'),
    );
  });

  it('tells alerts by sign and words, and what the forecast makes of it', () => {
    const base = { severity: 'warning', since: minutesAgo(3) } as const;
    const alerts: readonly QueueAlert[] = [
      { kind: 'depth', severity: 'error', since: minutesAgo(90), value: 60_000, threshold: 50_000, unit: 'jobs' },
      { ...base, kind: 'oldest', value: 720_000, threshold: 600_000, unit: 'ms' },
      { ...base, kind: 'failure-rate', value: 0.125, threshold: 0.05, unit: 'share' },
      { ...base, kind: 'dead-letters', value: 1, threshold: 1, unit: 'jobs' },
      { ...base, kind: 'filling', value: 400_000, threshold: 300_000, unit: 'ms' },
      { ...base, kind: 'depth', value: 0, threshold: 1000, unit: 'jobs', peak: { value: 2786, at: minutesAgo(2) }, endsAt: new Date(now + 40_000).toISOString() },
    ];
    const [, row, , ...notes] = renderQueues([queue({ alerts: [...alerts], forecast: { state: 'growing', growthPerMinute: 48.3 } })], pipe).split('\n');
    assert.match(row ?? '', / growing$/);
    assert.deepEqual(notes, [
      '✖ Error for 1h 30m: erp has 60,000 jobs waiting; the threshold is 50,000.',
      '⚠ Warning for 3m: The oldest job of erp has been waiting for 12m; the threshold is 10m.',
      '⚠ Warning for 3m: 13% of the attempts of erp fail; the threshold is 5.0%.',
      '⚠ Warning for 3m: Dead letters of erp: 1; the threshold is 1.',
      '⚠ Warning for 3m: erp has been filling for 6m 40s: more jobs arrive than are completed. The threshold is 5m.',
      '⚠ Jobs waiting in erp: 0 now, 2,786 at 2026-11-24 09:58:00; the threshold is 1,000. The alert clears in 40s.',
      'erp grows by about 49 jobs a minute: more arrive than are completed.',
    ]);
    const stalled = renderQueues([queue({ forecast: { state: 'stalled', reason: 'nothing-completes' } })], pipe);
    assert.match(stalled, / stalled\n\nAll attempts of erp are failing: `sluice jobs --queue erp` shows why\.$/);
    assert.match(renderQueues([queue({ forecast: { state: 'stalled', reason: 'not-due' } })], pipe), / later$/);
  });

  it('fits 80 columns', () => {
    const text = renderQueues([queue({ name: 'a-queue-with-a-long-name' })], terminal80);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    assert.match(text, /12,345/);
  });

  it('leaves out on a terminal what says nothing before it cuts names', () => {
    const busy = queue({ name: 'newsletter_sendout', rate: { limit: 1000, perMs: 60_000, burst: 50 }, depth: { pending: 50_000, delayed: 0, active: 0, dead: 1000 }, failureRate: 0 });
    const [head, row] = renderQueues([busy], terminal80).split('\n');
    assert.equal(head, 'QUEUE               PENDING  ACTIVE   DEAD        RATE USED  OLDEST  EMPTY IN');
    assert.equal(row, 'newsletter_sendout   50,000    0/10  1,000  87 of 1,000/min      7m        2h');
  });

  it('breaks long notes between words, and no command in two where that can be helped', () => {
    const set = queue({ overrides: { paused: false, rate: 'none', concurrency: 2 } });
    for (const line of renderQueues([set], terminal80).split('\n')) assert.ok(line.length <= 80, line);
  });

  it('says what needs a person, with the command that fixes it', () => {
    const text = renderQueues([queue({ paused: true, overrides: { paused: true, rate: { limit: 50, perMs: 60_000, burst: 5 }, concurrency: 2 }, depth: { pending: 1, delayed: 0, active: 0, dead: 2 } })], pipe);
    assert.match(text, /^erp is paused: sluice resume erp$/m);
    assert.match(text, /^erp runs with rate 50\/min and concurrency 2 instead of what the file says: sluice set erp --rate file --concurrency file$/m);
    assert.match(text, /^erp has 2 dead letters: sluice dead list --queue erp$/m);
  });

  it('says until when a queue is held, by whose answer, and what lifts it', () => {
    const heldBy = { job: 'j7', cause: '404 Not Found', retryAfterMs: 86_400_000, at: minutesAgo(30) };
    const held = queue({ heldUntil: minutesAgo(-30), heldBy, forecast: { state: 'stalled', reason: 'held' } });
    assert.match(renderQueues([held], pipe), /^erp is held until 2026-11-24 10:30:00 \(in 30m\)\. j7 was answered 404 Not Found and asked to wait 1d\. To resume it now: sluice resume erp$/m);
    assert.match(renderQueueLine(held), /^erp is held: /);
    const unconnected = queue({ heldUntil: minutesAgo(-1), heldBy: { job: 'j7', cause: 'ENETUNREACH', machine: true, at: minutesAgo(1) } });
    assert.match(renderQueues([unconnected], pipe), /\. This machine has no network \(ENETUNREACH, met by j7\)\. To resume it now: sluice resume erp$/m);
    const away = queue({ heldUntil: minutesAgo(-1), heldBy: { job: 'j7', cause: '.sluice/connections.yaml is not there', project: true, at: minutesAgo(1) } });
    assert.match(renderQueues([away], pipe), /\. \.sluice\/connections\.yaml is not there \(met by j7\)\. To resume it now: sluice resume erp$/m);
  });

  it('says what this daemon lacks to start jobs', () => {
    const lacking = queue({ lacking: [{ step: 'send', job: 'j7', lack: { kind: 'secret', name: 'KEY' } }] });
    assert.match(renderQueues([lacking], pipe), /^Jobs of the step send wait in erp, since this daemon can't start them\. It has no secret KEY: `sluice secrets set KEY` sets it\.$/m);
  });

  it('says what resuming has changed, and nothing that it has not', () => {
    const heldBy = { job: 'j7', cause: '429 Too Many Requests', at: minutesAgo(30) };
    const runs = queue({ depth: { pending: 5, delayed: 0, active: 0, dead: 0 } });
    const resumed = (what: ResumedQueue['resumed'], of = runs): string[] => renderResumed({ ...of, resumed: what }, pipe).split('\n').slice(0, -1);
    assert.deepEqual(resumed({ paused: true }), ['Ended the pause of erp.']);
    assert.deepEqual(resumed({ paused: false }), ['erp was neither paused nor held.']);
    assert.deepEqual(resumed({ paused: true, heldUntil: minutesAgo(-30), heldBy }), [
      'Ended the pause of erp.',
      'Lifted the hold of erp until 2026-11-24 10:30:00. j7 was answered 429 Too Many Requests.',
    ]);
    const text = renderResumed({ ...queue(), resumed: { paused: false, heldUntil: minutesAgo(-30), heldBy } }, pipe);
    assert.match(text, /3 jobs of it wait for a retry time of their own: `sluice retry --all --queue erp` starts them now\.$/);
  });

  it('says what to do if there is none', () => {
    assert.match(renderQueues([], pipe), /^There are no queues yet\. .*queues\.yaml/);
  });

  it('puts one into a sentence', () => {
    assert.equal(renderQueueLine(queue()), 'erp runs: 100/min, concurrency 10; 12,345 pending, 10 active, empty in 2h 3m.');
  });
});

describe('renderLastStop', () => {
  const left = (fields: Partial<LastStop>): string => renderLastStop({ at: '2026-11-24T14:05:00.000Z', waiting: 0, dead: 0, ...fields }, '/work/shop', pipe);

  it('says what waited, and what had died', () => {
    assert.equal(left({}), 'No job was waiting when the daemon of shop stopped at 2026-11-24 14:05:00.');
    assert.equal(left({ waiting: 1, dead: 1 }), '1 job was waiting when the daemon of shop stopped at 2026-11-24 14:05:00. There was 1 dead letter.');
    assert.equal(left({ waiting: 12_345, dead: 2 }), '12,345 jobs were waiting when the daemon of shop stopped at 2026-11-24 14:05:00. There were 2 dead letters.');
  });
});

describe('renderLogLine', () => {
  it('reads pino as a person does', () => {
    const line = JSON.stringify({ level: 40, time: Date.parse('2026-11-24T09:30:00.000Z'), pid: 1, hostname: 'h', msg: 'queue is full', queue: 'erp', depth: 5, why: 'two words' });
    assert.equal(renderLogLine(line, pipe), '2026-11-24 09:30:00  WARN   queue is full  queue=erp depth=5 why="two words"');
  });

  it('shows an error with its stack, beneath', () => {
    const line = JSON.stringify({ level: 50, time: '2026-11-24T09:30:00.000Z', msg: 'broken', err: { message: 'no', stack: 'Error: no\n    at x' } });
    assert.equal(renderLogLine(line, pipe), '2026-11-24 09:30:00  ERROR  broken\n  Error: no\n      at x');
  });

  it('passes on what is no JSON, made safe', () => {
    assert.equal(renderLogLine('Segfault\u001b[2J', pipe), 'Segfault\ufffd[2J');
    assert.equal(renderLogLine('{"msg":1}', pipe), '{"msg":1}');
  });
});

describe('renderDiagnostic', () => {
  const diagnostic = { file: 'a.yaml', line: 3, column: 5, endLine: 3, endColumn: 9, severity: 'error', code: 'unknown-key', message: "Unknown key 'usse'.\nDid you mean 'uses'?" } as const;

  it('keeps to one line that tools can read', () => {
    assert.equal(renderDiagnostic(diagnostic, pipe), "a.yaml:3:5: error: Unknown key 'usse'. Did you mean 'uses'?");
  });

  it('sums up', () => {
    assert.equal(renderCheckSummary(3, [diagnostic, { ...diagnostic, severity: 'warning' }]), '3 files checked: 1 error, 1 warning.');
    assert.equal(renderCheckSummary(1, []), '1 file checked: no problems.');
  });
});

describe('renderChecks', () => {
  it('says in words what the marks say', () => {
    const checks = [
      { name: 'node', ok: true, detail: '24.0.0' },
      { name: 'secrets', ok: false, detail: 'can be read by others' },
    ];
    assert.equal(renderChecks(checks, pipe), '  ✓ ok    node     24.0.0\n  ✗ FAIL  secrets  can be read by others\n\n1 check failed.');
  });
});
