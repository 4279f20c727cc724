import assert from 'node:assert/strict';
import { parseDocument } from '../../../../../schemas/workflow/document.ts';
import { lensesOf, type LensFacts, placesIn } from '../../../../../extension/language/live/lenses.ts';
import { queueLens } from '../../../../../extension/wording/queue.ts';
import { runLens, stepFailureText, stepLens } from '../../../../../extension/wording/run.ts';
import { valueText } from '../../../../../extension/wording/outside-text.ts';
import { minutesAgo, now, queue, run, step } from '../../../daemon/cli/protocol-samples.ts';

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
const counts = { total: 1, open: 0, succeeded: 1, dead: 0, cancelled: 0, discarded: 0 };

describe('the line above a queue', () => {
  it('says how many wait, how much of the rate is used, how old, how many fail, and when it is empty', () => {
    const busy = queue({
      depth: { pending: 1200, delayed: 4, active: 0, dead: 0 },
      rate: { limit: 1000, perMs: 60_000, burst: 100 },
      rateUsed: 870,
      failureRate: 0.004,
      oldestPendingAt: minutesAgo(3),
      forecast: { state: 'draining', drainMs: 3_120_000, clearsAt: minutesAgo(-52) },
    });
    assert.equal(queueLens(busy, now, clock), '1,204 waiting · 87% of 1,000/min · oldest 3m · 0.4% failing · empty at 10:52');
  });

  it('leaves out what is zero, and says so where everything is', () => {
    const { oldestPendingAt: _, rateUsed: _used, ...rest } = queue({ depth: { pending: 0, delayed: 0, active: 0, dead: 0 }, failureRate: 0, forecast: { state: 'idle' } });
    assert.equal(queueLens(rest, now, clock), 'empty');
  });

  it('says what keeps it from clearing', () => {
    const waiting = (rest: Parameters<typeof queue>[0]): string => queueLens(queue({ depth: { pending: 5, delayed: 0, active: 0, dead: 2 }, rateUsed: 0, failureRate: 0, oldestPendingAt: minutesAgo(0), ...rest }), now, clock);
    assert.equal(waiting({ paused: true, forecast: { state: 'stalled', reason: 'paused' } }), 'paused · 5 waiting · 2 dead · stalled');
    assert.equal(waiting({ heldUntil: minutesAgo(-1), forecast: { state: 'unknown' } }), 'held back · 5 waiting · 2 dead');
    assert.equal(waiting({ forecast: { state: 'growing', growthPerMinute: 12.4 } }), '5 waiting · 2 dead · growing by 12/min');
    assert.equal(waiting({ forecast: { state: 'draining', drainMs: 1, clearsAt: minutesAgo(-60 * 30) } }), '5 waiting · 2 dead · empty in 1d 6h');
  });
});

describe('the lines above a workflow and its steps', () => {
  it('say how the last run went', () => {
    const failed = run({ id: 'r12', state: 'failed', endedAt: minutesAgo(3) });
    assert.equal(runLens(failed, now), 'r12 failed 3m ago');
    assert.equal(runLens(run({ id: 'r13', state: 'running', createdAt: minutesAgo(2), jobs: { ...counts, total: 100, open: 60 } }), now), 'r13 running for 2m, 40 of 100');
    assert.equal(stepLens('r12', step({ state: 'succeeded', foreach: false, startedAt: minutesAgo(5), endedAt: minutesAgo(3), jobs: counts })), 'r12: succeeded in 2m');
    const dead = step({ state: 'failed', foreach: true, jobs: { ...counts, total: 100, dead: 2 }, error: { kind: 'status', cause: '503 Service Unavailable', message: 'Down.' } });
    assert.equal(stepLens('r12', dead), 'r12: failed · 2 dead · 503 Service Unavailable');
  });

  it('say what failed at a step, and nothing of one that went well', () => {
    const error = { kind: 'status', cause: '503 Service Unavailable', message: 'The other side is down.' };
    assert.equal(stepFailureText('r12', step({ state: 'succeeded', jobs: counts })), undefined);
    assert.equal(stepFailureText('r12', step({ state: 'failed', foreach: false, error, jobs: { ...counts, dead: 1 } })), 'r12: Its job is a dead letter. The other side is down.');
    const { error: _, ...tolerated } = step({ state: 'succeeded', foreach: true, jobs: { ...counts, total: 1000, dead: 2 } });
    assert.equal(stepFailureText('r12', tolerated), 'r12: 2 of 1,000 jobs are dead letters.');
    assert.equal(stepFailureText('r12', step({ state: 'failed', error, jobs: { ...counts, dead: 0 } })), 'r12: It failed. The other side is down.');
  });
});

describe('lenses', () => {
  const text = 'name: Deal\nqueues:\n  erp: { concurrency: 2 }\nsteps:\n  book:\n    uses: http/request\non-failure:\n  tell: { uses: webhook/send }\n';
  const file = '.sluice/workflows/deal.yaml';
  const facts = (rest: Partial<LensFacts> = {}): LensFacts => ({ folder: 'file:///p', file, queue: () => undefined, lastRun: undefined, errors: 0, nowMs: now, clock, ...rest });
  const shown = (rest?: Partial<LensFacts>): readonly (readonly [string, string, string])[] =>
    lensesOf(placesIn(file, parseDocument(text)), facts(rest)).map(({ range, title, command }) => [text.slice(range.start, range.end), title, command]);

  it('start a run if nothing is known', () => {
    assert.deepEqual(shown(), [['name', '$(play) Run', 'sluice.runWorkflow']]);
  });

  it('offer no run of a file with errors, but lead to them', () => {
    assert.deepEqual(shown({ errors: 2 }), [['name', '$(error) 2 errors: it can not be run', 'workbench.actions.view.problems']]);
  });

  it('are at the workflow, its steps and its queues, and lead to what they are about', () => {
    const steps = [step({ id: 'book', state: 'failed', foreach: false, jobs: { ...counts, dead: 1 } }), step({ id: 'tell', state: 'succeeded', foreach: false, onFailure: true, jobs: counts })];
    const lastRun = run({ id: 'r12', state: 'failed', endedAt: minutesAgo(3), steps });
    const lenses = shown({ lastRun, queue: (name) => (name === 'erp' ? queue({ depth: { pending: 3, delayed: 0, active: 0, dead: 0 }, rateUsed: 0, failureRate: 0, oldestPendingAt: minutesAgo(0), forecast: { state: 'steady' } }) : undefined) });
    assert.deepEqual(lenses.map(([at, , command]) => [at, command]), [
      ['name', 'sluice.runWorkflow'],
      ['name', 'sluice.openRun'],
      ['book', 'sluice.openFailure'],
      ['tell', 'sluice.openRun'],
      ['erp', 'sluice.showQueue'],
    ]);
    assert.equal(lenses[4]?.[1], '3 waiting');
  });

  it('are none in files that have neither', () => {
    assert.deepEqual(placesIn('.sluice/config.yaml', parseDocument('durability: full\n')), { steps: [], queues: [], connections: [] });
    assert.deepEqual(placesIn('.sluice/queues.yaml', parseDocument('queues: { a: {} }\n')).queues.map(({ name }) => name), ['a']);
    assert.deepEqual(placesIn(file, parseDocument('')), { steps: [], queues: [], connections: [] });
  });
});

describe('a value', () => {
  it('is shown as JSON, in so many lines at most', () => {
    assert.equal(valueText({ value: { a: 1 } }), '{\n  "a": 1\n}');
    assert.equal(valueText({ value: [1, 2, 3, 4] }, 4), '[\n  1,\n  2,\n… (6 lines in all)');
    assert.equal(valueText({ value: null }), 'null');
    assert.equal(valueText({ preview: '[1, 2', size: 300_000 }), '[1, 2\n… (300,000 characters in all)');
  });
});

describe('the line above a connection', () => {
  it('offers to test it, with or without a daemon', () => {
    const places = placesIn('.sluice/connections.yaml', parseDocument('connections:\n  crm: { type: http, url: "https://crm.example" }\n  esp: { type: smtp, host: h }\n'));
    const facts: LensFacts = { folder: 'file:///p', file: '.sluice/connections.yaml', queue: () => undefined, lastRun: undefined, errors: 0, nowMs: now, clock };
    assert.deepEqual(lensesOf(places, facts).map(({ title, command, target }) => [title, command, target.connection]), [['$(plug) Test', 'sluice.testConnection', 'crm'], ['$(plug) Test', 'sluice.testConnection', 'esp']]);
  });
});
