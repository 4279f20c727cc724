import assert from 'node:assert/strict';
import { formatDuration, formatShare, formatShortDuration } from '../../../../schemas/wording/amount.ts';
import { escapeMarkdown, oneLine } from '../../../../extension/wording/outside-text.ts';
import { ageAt, formatAge, formatDue, formatMoment, formatNumber } from '../../../../extension/wording/language.ts';
import { alertName, alertText, forecastPart, queueDescription, queueFacts, queueLabel, queueLens } from '../../../../extension/wording/queue.ts';
import { attemptDescription, jobDescription, jobFacts, jobLabel, jobName } from '../../../../extension/wording/job.ts';
import { runDescription, runFacts, runLabel, stepDescription } from '../../../../extension/wording/run.ts';
import { lookOfState } from '../../../../extension/wording/state-look.ts';
import { alertKinds, type AlertKind, type QueueAlert } from '../../../../schemas/protocol/queue.ts';
import { attemptStates, jobStates, runStates, stepStates } from '../../../../schemas/protocol/id.ts';
import { alert, job, jobDetail, minutesAgo, now, queue, run, step } from '../../daemon/cli/protocol-samples.ts';

describe('words for amounts', () => {
  it('are short', () => {
    assert.deepEqual([formatNumber(12345), formatShare(0), formatShare(0.004), formatShare(0.5)], ['12,345', '0%', '0.4%', '50%']);
    assert.deepEqual([850, 1200, 200_000, 7_500_000, 273_600_000].map(formatDuration), ['850ms', '1.2s', '3m 20s', '2h 5m', '3d 4h']);
    assert.deepEqual([-1, 59_999, 60_000, 7_200_000, 172_800_000].map(formatShortDuration), ['0s', '59s', '1m', '2h', '2d']);
  });

  it('keep text from outside on one line, and in its place', () => {
    assert.equal(oneLine('a\n\tb\u001b[31mc\u202ed'), 'a b [31mc d');
    assert.equal(oneLine('x'.repeat(300)).length, 200);
    assert.equal(escapeMarkdown('[click](command:evil) **b** $(zap) | <img>'), '\\[click\\]\\(command:evil\\) \\*\\*b\\*\\* $\\(zap\\) \\| \\<img\\>');
  });
});

describe('words for a queue', () => {
  it('say what needs an eye first, and nothing about what is zero', () => {
    assert.equal(queueDescription(queue(), now), '12,348 waiting · 10 active · oldest 7m · 87 of 100/min · empty in 2h');
    const { oldestPendingAt: _, ...fresh } = queue({ depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, forecast: { state: 'idle' } });
    assert.equal(queueDescription(fresh, now), 'empty');
    const { rate: __, ...unlimited } = queue({ paused: true, maxDepth: 100, heldUntil: minutesAgo(-1), depth: { pending: 100, delayed: 0, active: 0, dead: 4 }, overrides: { paused: true, concurrency: 2 }, forecast: { state: 'stalled', reason: 'paused' } });
    const until = minutesAgo(-90);
    assert.match(queueDescription({ ...unlimited, heldUntil: until }, now), new RegExp(`^paused · held until ${formatMoment(until)} · full`));
    assert.equal(queueDescription(unlimited, now), 'paused · held back · full · 100 waiting · 4 dead · oldest 7m · concurrency 2 set by hand');
  });

  it('say that the limits are not those of a file, why, and what answers it', () => {
    const gone = queue({ undeclared: { reason: 'gone', files: [] } });
    assert.match(queueDescription(gone, now), /^no longer declared · 12,348 waiting/);
    assert.equal(
      new Map(queueFacts(gone, now)).get('Limits'),
      'erp is no longer declared: its last limits hold for what is in it. Declare it again, move its jobs to another queue, or release them.',
    );
    const twice = queue({ undeclared: { reason: 'twice', files: ['a.yaml', 'b.yaml'] } });
    assert.match(queueDescription(twice, now), /^declared twice · /);
    assert.match(new Map(queueFacts(twice, now)).get('Limits') ?? '', /\(a\.yaml, b\.yaml\)/);
    assert.match(queueDescription(queue({ undeclared: { reason: 'broken', files: ['a.yaml'] } }), now), /^declaration has errors · /);
  });

  it('say what is alerted in words, once', () => {
    const { rate: _, ...filling } = queue({ alerts: [alert({ kind: 'depth' }), alert({ kind: 'filling' }), alert({ kind: 'dead-letters' })], forecast: { state: 'growing', growthPerMinute: 40 }, depth: { pending: 6000, delayed: 0, active: 0, dead: 1 } });
    assert.equal(queueDescription(filling, now), 'too many jobs · filling · 6,000 waiting · 1 dead · oldest 7m');
    const growing = { ...filling, alerts: [] };
    assert.match(queueDescription(growing, now), / · growing$/);
  });

  it('read well aloud', () => {
    assert.equal(queueLabel(queue({ name: 'email', paused: true }), now), 'email queue, paused, 12,348 waiting, 10 active, oldest 7m, 87 of 100/min, empty in 2h');
  });

  it('tell the fullest of several rates in a row, and the use of all of them in the facts', () => {
    const rates = [{ limit: 20, perMs: 1000, burst: 2, used: 3 }, { limit: 50_000, perMs: 86_400_000, burst: 5000, used: 41_000 }];
    const several = queue({ rate: { limit: 20, perMs: 1000, burst: 2 }, rateUsed: 3, rates, overrides: { paused: false, rate: { limit: 20, perMs: 1000, burst: 2 }, rates } });
    assert.match(queueDescription(several, now), / · 41,000 of 50,000\/d · .*rate 20\/s and 50,000\/d set by hand/);
    const facts = new Map(queueFacts(several, now));
    assert.deepEqual([facts.get('Rate'), facts.get('Set by hand')], ['3 used of 20/s, 41,000 used of 50,000/d', 'rate 20/s and 50,000/d']);
    assert.match(queueLens(several, now, String), /82% of 50,000\/d/);
  });

  it('tell the facts', () => {
    const facts = new Map(queueFacts(queue({ overrides: { paused: false, rate: 'none' }, alerts: [alert()], waiting: { meanMs: 1500, maxMs: 9000 } }), now));
    assert.equal(facts.get('Rate'), '87 used of 100/min');
    assert.equal(facts.get('Forecast'), 'empty in 2h 3m: as fast as the rate allows');
    assert.equal(facts.get('Set by hand'), 'no rate limit');
    assert.equal(facts.get('Warning for 2m'), 'erp has 5,200 jobs waiting; the threshold is 5,000.');
    assert.equal(facts.get('Waits'), '1.5s on average, 9s at most');
    const heldBy = { job: 'j7', cause: '429 Too Many Requests', at: minutesAgo(30) };
    const held = (more: object): string | undefined => new Map(queueFacts(queue({ heldUntil: minutesAgo(-30), ...more }), now)).get('Held back');
    assert.equal(held({ heldBy: { ...heldBy, retryAfterMs: 86_400_000 } }), 'j7 was answered 429 Too Many Requests and asked to wait 1d. It continues in 30m.');
    assert.equal(held({ heldBy }), 'j7 was answered 429 Too Many Requests. It continues in 30m.');
    assert.equal(held({ heldBy: { ...heldBy, cause: '.sluice/connections.yaml is not there', project: true } }), '.sluice/connections.yaml is not there (met by j7). It is checked again in 30m.');
    const lacking = queue({ lacking: [{ step: 'send', job: 'j7', lack: { kind: 'secret', name: 'KEY' } }] });
    assert.match(queueDescription(lacking, now), /^lacks what jobs need · /);
    assert.match(new Map(queueFacts(lacking, now)).get('Not started') ?? '', /It has no secret KEY/);
    assert.equal(held({}), 'A receiver asked for a pause. It continues in 30m.');
  });
});

describe('words for alerts and forecasts', () => {
  const figures: Readonly<Record<AlertKind, Partial<QueueAlert>>> = {
    depth: {},
    oldest: { value: 720_000, threshold: 600_000, unit: 'ms' },
    'failure-rate': { value: 0.23, threshold: 0.2, unit: 'share' },
    'dead-letters': { value: 3, threshold: 1 },
    filling: { value: 360_000, threshold: 300_000, unit: 'ms' },
    stuck: { value: 360_000, threshold: 300_000, unit: 'ms' },
  };

  it('have a sentence of its own for each alert, with its figures', () => {
    assert.deepEqual(alertKinds.map((kind) => alertText('esp', alert({ kind, ...figures[kind] }), now)), [
      'esp has 5,200 jobs waiting; the threshold is 5,000.',
      'The oldest job of esp has been waiting for 12m; the threshold is 10m.',
      '23% of the attempts of esp fail; the threshold is 20%.',
      'Dead letters of esp: 3; the threshold is 1.',
      'esp has been filling for 6m: more jobs arrive than are completed. The threshold is 5m.',
      'esp has started nothing for 6m, although jobs are due and no limit is in the way. The threshold is 5m.',
    ]);
    assert.equal(new Set(alertKinds.map(alertName)).size, alertKinds.length);
  });

  it('never say that something is crossed which is not', () => {
    const eased = alert({ value: 4500, peak: { value: 6000, at: minutesAgo(1) } });
    assert.match(alertText('esp', eased, now), /^Jobs waiting in esp: 4,500 now, 6,000 at \d\d:\d\d; the threshold is 5,000\. The alert stays until this is clearly below\.$/);
    for (const kind of alertKinds) {
      const { unit } = alert({ kind, ...figures[kind] });
      const gone = alertText('esp', alert({ kind, ...figures[kind], unit, value: 0, endsAt: new Date(now + 5000).toISOString() }), now);
      assert.match(gone, /: 0\S* now.*clears in 5s\.$/, kind);
    }
    assert.ok(!queueDescription(queue({ alerts: [alert({ endsAt: minutesAgo(-1) })] }), now).includes('too many'));
  });

  it('leave out of a row what changes all the time, or is there already', () => {
    assert.equal(forecastPart({ state: 'draining', drainMs: 59_000 }), undefined);
    assert.equal(forecastPart({ state: 'draining', drainMs: 7_400_000 }), 'empty in 2h');
    assert.equal(forecastPart({ state: 'stalled', reason: 'paused' }), undefined);
    assert.equal(forecastPart({ state: 'stalled', reason: 'nothing-completes' }), 'stalled');
  });
});

describe('words for jobs, attempts, runs and steps', () => {
  it('name a job by its item, and leave out what the rows above tell', () => {
    assert.equal(jobName(job()), 'deal-7');
    assert.equal(jobDescription(job(), now), 'j40 · dead · deal/book · 503 Service Unavailable · 5 attempts · 3m ago');
    assert.equal(jobDescription(job(), now, { state: false, cause: false }), 'j40 · deal/book · 5 attempts · 3m ago');
    assert.equal(jobLabel(job(), now), 'job j40, deal-7, dead, 503 Service Unavailable, 3m ago');
    const edited = job({ draft: { revision: 2, savedAt: new Date(now - 60_000).toISOString(), savedBy: 'ada' } });
    assert.equal(jobDescription(edited, now, { state: false, cause: false }), 'edited, not sent · j40 · deal/book · 5 attempts · 3m ago');
    assert.equal(jobLabel(edited, now), 'job j40, deal-7, dead, 503 Service Unavailable, edited, not sent, 3m ago');
    assert.deepEqual(jobFacts(edited, ageAt(now)).find(([name]) => name === 'Edit'), ['Edit', 'saved 1m ago by ada, not sent yet']);
    const again = job({ replays: 2 });
    assert.equal(jobDescription(again, now), 'j40 · dead · deal/book · 503 Service Unavailable · replayed ×2 · 5 attempts · 3m ago');
    assert.equal(jobLabel(again, now), 'job j40, deal-7, dead, 503 Service Unavailable, replayed 2 times, 3m ago');
    assert.deepEqual([job(), job({ replays: 1 }), again].map((one) => new Map(jobFacts(one, ageAt(now))).get('Replayed')), [undefined, 'once', '2 times']);
  });

  it('tell when a delayed job is tried next', () => {
    const delayed = job({ state: 'delayed', dueAt: minutesAgo(-5) });
    assert.match(jobDescription(delayed, now), /in 5m$/);
    assert.equal(new Map(jobFacts(delayed, ageAt(now))).get('Next attempt'), 'in 5m');
  });

  it('tell how an attempt ended and how long it took', () => {
    assert.deepEqual(jobDetail().attempts.map(attemptDescription), ['failed · 503 Service Unavailable · 120ms', 'failed · 503 Service Unavailable · 1.5s']);
  });

  it('tell how far a run and a step are', () => {
    assert.equal(runDescription(run(), now), 'failed · 2 dead · 3m ago');
    const { endedAt: _, ...going } = run({ state: 'running', jobs: { total: 100, open: 60, succeeded: 40, dead: 0, cancelled: 0, discarded: 0 } });
    assert.equal(runDescription(going, now), 'running · 40 of 100 · 10m ago');
    assert.equal(runDescription(run({ state: 'succeeded', jobs: { total: 10, open: 0, succeeded: 10, dead: 0, cancelled: 0, discarded: 0 }, duplicates: 990, warnings: 1 }), now), 'succeeded · 990 duplicates left out · 1 warning · 3m ago');
    assert.equal(new Map(runFacts(run({ duplicates: 990 }), ageAt(now))).get('Duplicates'), '990 left out, because an earlier item has the same key');
    assert.match(stepDescription(step({ duplicates: 1 })), /1 duplicate left out/);
    assert.match(jobDescription(job({ state: 'succeeded', warning: '1 of 3 recipients was refused.' }), now), /1 of 3 recipients was refused\./);
    assert.equal(runLabel(run(), now), 'run r12 of deal, failed, 1,000 of 1,000, 2 dead, 3m ago');
    assert.equal(stepDescription(step()), 'failed · 2 dead · 503');
  });
});

describe('the look of a state', () => {
  it('tells each from the others of its kind by its icon alone', () => {
    for (const states of [jobStates, stepStates, runStates, attemptStates]) {
      const icons = states.map((state) => lookOfState(state).icon);
      assert.equal(new Set(icons).size, icons.length, icons.join());
    }
  });
});

describe('ages', () => {
  it('tell no seconds, which differ between places that were not drawn in the same moment', () => {
    const ago = (ms: number): string => formatAge(new Date(now - ms).toISOString(), now);
    assert.deepEqual([0, 2000, 32_000, 59_999, 60_000, 150_000].map(ago), ['just now', 'just now', 'just now', 'just now', '1m ago', '2m ago']);
    const due = (ms: number): string => formatDue(new Date(now + ms).toISOString(), now);
    assert.deepEqual([-90_000, 0, 500, 59_999, 60_000].map(due), ['1m ago', 'just now', 'within a minute', 'within a minute', 'in 1m']);
  });

  it('do not take for the future what has happened since the shown clock last ticked', () => {
    assert.equal(formatAge(new Date(now + 29_000).toISOString(), now), 'just now');
  });
});
