import assert from 'node:assert/strict';
import { renderWhy } from '../../../../../daemon/cli/render/why.ts';
import type { Why } from '../../../../../schemas/protocol/why.ts';
import { minutesAgo, pipe, terminal80 } from '../protocol-samples.ts';

const waiting: Why = {
  id: 'r1',
  kind: 'run',
  state: 'running',
  causes: [
    { kind: 'held', queue: 'erp', step: 'book', job: 'j4', until: minutesAgo(-5), heldBy: { job: 'j3', cause: '429 Too Many Requests', retryAfterMs: 600_000, at: minutesAgo(5) } },
    { kind: 'ahead', step: 'book', job: 'j4', count: 12_000 },
    { kind: 'active', step: 'call', job: 'j5', count: 3 },
    { kind: 'needs', step: 'report', name: 'book, call' },
  ],
};

describe('renderWhy', () => {
  it('numbers the causes, each with its place in the run and the command that changes it', () => {
    assert.deepEqual(
      renderWhy(waiting, pipe).split('\n').map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'TIME')),
      [
        'r1 is running.',
        '',
        '1. book, j4: erp is held back until TIME (in 5m). j3 was answered 429 Too Many Requests and asked to wait 10m.',
        '   sluice resume erp',
        '2. book, j4: More than 12,000 jobs come before it.',
        '3. call: 3 attempts are under way.',
        '4. The step report waits for book, call to end.',
      ],
    );
  });

  it('tells what has become of the time of a job', () => {
    const job: Why = {
      id: 'j4', kind: 'job', state: 'dead', causes: [{ kind: 'dead', job: 'j4', count: 1 }],
      spans: [{ kind: 'waited', from: minutesAgo(60), to: minutesAgo(20) }, { kind: 'attempt', from: minutesAgo(20), to: minutesAgo(19), attempt: 1, cause: 'a\nb' }],
    };
    assert.match(renderWhy(job, pipe), /^j4 is dead\.\n\n {2}j4 is a dead letter: .*\n {2}sluice dead replay j4\n\nSo far: waited 40m before its first attempt, attempt 1 took 1m: a b\.$/);
  });

  it('fits 80 columns', () => {
    for (const line of renderWhy(waiting, terminal80).split('\n')) assert.ok(line.length <= 80, line);
  });
});
