import assert from 'node:assert/strict';
import { fieldsOf } from '../../../../extension/form/input-fields.ts';
import { launchItems, payloadShown, restAfterTrial, type LaunchFacts } from '../../../../extension/form/launch-items.ts';
import { noInputs, withFile, withValue } from '../../../../extension/form/run-inputs.ts';
import type { StepPreview } from '../../../../schemas/protocol/run.ts';

const fields = fieldsOf({ properties: { list: { type: 'array' }, token: { type: 'string', writeOnly: true } }, required: ['list'] });
const send: StepPreview = {
  step: 'send',
  uses: 'email/send',
  skipped: false,
  foreach: true,
  jobs: 3000,
  duplicates: 7,
  duplicateKeys: ['a', 'b', 'c', 'd', 'e'],
  unusable: 0,
  first: { key: 'ada', payload: { to: 'ada' } },
  queue: 'mail',
  rate: { limit: 60, perMs: 60_000, burst: 6 },
  concurrency: 2,
  paused: false,
  ahead: 12,
  forecast: { state: 'draining', drainMs: 3_012_000, limitedBy: 'rate' },
};
const rows = (rest: Partial<LaunchFacts> = {}): readonly string[] =>
  launchItems({ fields, inputs: withFile(noInputs, 'list', '/people.csv'), preview: { steps: [send], later: ['report'] }, nowMs: 0, separator: undefined, ...rest }).map(({ label, description, detail }) =>
    [label.replace(/^\$\([a-z-]+\) /, ''), description, detail].filter((part) => part !== undefined).join(' | '),
  );

describe('the summary before a run', () => {
  it('says how many, which are left out, the first call, the queue and when it ends; and offers to run, to try and to go back', () => {
    assert.deepEqual(rows(), [
      'Run | 3,000 jobs',
      'Try the First 5 | the other 2,995 wait until you let them go',
      'Back',
      'what it does',
      'send: 3,000 jobs | queue mail · 60/min · 2 at a time | 12 jobs wait before them · empty in 50m 12s (as fast as the rate allows)',
      '7 duplicates are left out | a, b, c, d, e, …',
      'The first call, as it is sent: ada | { "to": "ada" }',
      'Afterwards | report',
      'inputs; choose one to change it',
      'list | from /people.csv',
      'token | not given',
    ]);
  });

  it('says what `concurrency` would do with it, before it is run', () => {
    const gate = { limit: 1, underWay: 1, waiting: 0, runs: ['r7'] };
    const second = (then: 'starts' | 'queued' | 'skipped' | 'cancels'): string | undefined => rows({ preview: { steps: [], later: [], concurrency: { ...gate, then } } })[1];
    assert.match(second('queued') ?? '', /^It would wait: r7 is before it/);
    assert.match(second('skipped') ?? '', /^Nothing would be started: r7 is under way/);
    assert.match(second('cancels') ?? '', /^It would cancel r7:/);
    assert.equal(second('starts'), 'Back');
  });

  it('runs nothing that does not fit, and keeps what was given', () => {
    const shown = rows({ preview: { problem: 'items.1.id must be string' } });
    assert.deepEqual(shown.slice(0, 2), ['items.1.id must be string', 'Back']);
    assert.ok(shown.includes('list | from /people.csv'));
    assert.ok(!shown.some((row) => /^(Run|Try)/.test(row)));
  });

  it('says what would fail, be skipped, or become a dead letter', () => {
    const steps = [
      { ...send, step: 'bad', jobs: 0, problem: 'The items can\'t be read.' },
      { ...send, step: 'off', jobs: 0, skipped: true },
      { ...send, step: 'some', jobs: 2, duplicates: 0, unusable: 1, first: { problem: 'An item\'s key must be 1 to 1000 characters long.' } },
    ];
    const shown = rows({ preview: { steps, later: [] } }).join('\n');
    assert.match(shown, /bad \(email\/send\) \| would fail \| The items can't be read\./);
    assert.match(shown, /off \(email\/send\) \| is skipped/);
    assert.match(shown, /1 item becomes a dead letter \| An item's key/);
    assert.ok(!shown.includes('Try'), 'two jobs are fewer than a trial has');
  });

  it('tries only where something is left after it', () => {
    assert.deepEqual([restAfterTrial([{ ...send, jobs: 5 }]), restAfterTrial([{ ...send, jobs: 9 }, { ...send, jobs: 6 }]), restAfterTrial([{ ...send, foreach: false, jobs: 1 }])], [0, 5, 0]);
  });

  it('shows no input that was typed unseen, in a payload either', () => {
    const inputs = withValue(noInputs, 'token', 'quo"te');
    assert.deepEqual(JSON.parse(payloadShown({ auth: 'Bearer quo"te' }, inputs, fields)), { auth: 'Bearer ••••' });
  });
});
