import assert from 'node:assert/strict';
import type { JobRow, LedgerJob, RunRow, StepRow } from '../../../../daemon/ledger/row.ts';
import { aJob, aRun, aStep, aWorkflow, decided, type Decided, type Facts } from '../../../support/ledger-facts.ts';

const error = JSON.stringify({ kind: 'status', cause: '400', message: 'Refused.', status: 400 });

interface Before {
  /** The workflow. */
  readonly text: string;
  readonly run?: Partial<RunRow>;
  /** By name, in the order of the workflow: what differs from a step that waits. */
  readonly steps: Readonly<Record<string, Partial<StepRow>>>;
  /** The steps that were touched; those in which a job has succeeded. */
  readonly touched?: readonly string[];
  readonly succeeded?: readonly string[];
  readonly facts?: Facts;
}

interface After extends Decided {
  readonly run: Partial<RunRow>;
  readonly steps: Readonly<Record<string, Partial<StepRow>>>;
  readonly jobs: Readonly<Record<number, Partial<JobRow>>>;
  /** Steps that a job was made for. */
  readonly started: readonly string[];
}

/** Moves a run on, and gives what has changed. */
function advanced({ text, run = {}, steps, touched = Object.keys(steps), succeeded = [], facts = {} }: Before): After {
  const rows = Object.entries(steps).map(([name, values], index) =>
    aStep({ id: index + 1, position: index, name, state: 'waiting', total: 0, expanded: 0, started_at: null, on_failure: name.startsWith('tell') ? 1 : 0, ...values }),
  );
  const nameOf = (id: number | undefined): string => rows.find((row) => row.id === id)?.name ?? String(id);
  const progress = rows.filter(({ name }) => touched.includes(name)).map(({ id, name }) => [id, { succeeded: succeeded.includes(name), dead: false, look: true }] as const);
  const decision = decided([{ name: 'advance', params: { steps: new Map(progress), now: 2000 } }], {
    run: { 1: { run: aRun(run), steps: rows } }, step: Object.fromEntries(rows.map((row) => [row.id, row])), workflow: { v: aWorkflow(text) },
    queue: { 1: { id: 1, name: 'default', definition: { name: 'default' }, pending: 0, delayed: 0 } }, inputs: { 1: {} },
    hasCancelledBySibling: Object.fromEntries(rows.map(({ id }) => [id, false])), firstDeath: Object.fromEntries(rows.map(({ id }) => [id, error])), ...facts,
  });
  const patches = <Row>(table: 'runs' | 'steps' | 'jobs') => decision.changes.flatMap((change) => (change.kind === 'patch' && change.table === table ? [[change.id, change.values as Partial<Row>] as const] : []));
  return {
    ...decision,
    run: patches<RunRow>('runs')[0]?.[1] ?? {},
    steps: Object.fromEntries(patches<StepRow>('steps').map(([id, values]) => [nameOf(id), values])),
    jobs: Object.fromEntries(patches<JobRow>('jobs')),
    started: decision.changes.flatMap((change) => (change.kind === 'insert' && change.table === 'jobs' ? change.rows.map(({ step_id: id }) => nameOf(id)) : [])),
  };
}

const statesOf = ({ steps }: After): Record<string, string | undefined> => Object.fromEntries(Object.entries(steps).map(([name, { state }]) => [name, state]));
const done = { state: 'succeeded', total: 1, succeeded: 1, expanded: 1, started_at: 1000, ended_at: 1500 } as const;
const succeeding = { state: 'running', total: 1, succeeded: 1, expanded: 1, started_at: 1000 } as const;
const dying = { state: 'running', total: 1, dead: 1, expanded: 1, started_at: 1000 } as const;
const failed = { state: 'failed', total: 1, dead: 1, expanded: 1, started_at: 1000, ended_at: 1500 } as const;
const chain = 'steps:\n  a: { uses: test/scripted, with: {} }\n  b: { needs: a, uses: test/scripted, with: {} }\n  c: { needs: b, uses: test/scripted, with: {} }\n';
const telling = `${chain}on-failure:\n  tell: { uses: test/scripted, with: {} }\n  tell2: { needs: tell, uses: test/scripted, with: {} }\n`;
const each = (foreach: string): string => `steps:\n  a: { uses: test/scripted, foreach: { items: "\${{ [1] }}", ${foreach} }, with: {} }\n  b: { needs: a, uses: test/scripted, with: {} }\n`;

describe('a step whose jobs have ended', () => {
  it('succeeds, and starts what needs it', () => {
    const after = advanced({ text: chain, steps: { a: succeeding, b: {}, c: {} } });
    assert.deepEqual(after.steps, {
      a: { state: 'succeeded', started_at: 1000, ended_at: 2000, error: null },
      b: { state: 'running', started_at: 2000, ended_at: null, error: null, expanded: 1 },
    });
    assert.deepEqual([after.started, after.run], [['b'], {}]);
  });

  it('fails with its first death, skips what needs it, and ends its run', () => {
    const after = advanced({ text: chain, steps: { a: dying, b: {}, c: {} } });
    assert.deepEqual(statesOf(after), { a: 'failed', b: 'skipped', c: 'skipped' });
    assert.equal(after.steps['a']?.error, error);
    assert.deepEqual(after.run, { state: 'failed', ended_at: 2000, error: JSON.stringify({ step: 'a', message: 'Refused.' }) });
    assert.equal(after.effects.runningRuns, -1);
  });

  it('says how many of its items failed', () => {
    const after = advanced({ text: each('on-item-failure: continue'), steps: { a: { ...dying, is_foreach: 1, total: 5, succeeded: 3, discarded: 1 }, b: {} } });
    assert.match(after.steps['a']?.error ?? '', /"2 of 5 items failed; the first: Refused\."/);
  });

  it('is left alone while a job is open, unless it was touched by a death that is one too many', () => {
    const open = { ...dying, is_foreach: 1, total: 5 } as const;
    assert.deepEqual(advanced({ text: each('on-item-failure: continue'), steps: { a: open, b: {} } }).steps, {});
    const jobs = [aJob({ id: 7, state: 'active' }), aJob({ id: 8, state: 'active', cancel_cause: 'person' })];
    const after = advanced({ text: each('on-item-failure: fail'), steps: { a: open, b: {} }, facts: { activeJobs: { 1: jobs } } });
    assert.deepEqual([statesOf(after), after.steps['a']?.cascade], [{ a: 'failed', b: 'skipped' }, 'failing']);
    assert.deepEqual(after.jobs, { 7: { cancel_cause: 'sibling' } }, 'what a person cancelled stays cancelled by a person');
  });

  it('fails if its items could not be read, and cancels what it has', () => {
    const unread = { state: 'running', is_foreach: 1, total: 2, started_at: 1000, error } as const;
    const after = advanced({ text: each('on-item-failure: continue'), steps: { a: unread, b: {} } });
    assert.deepEqual([statesOf(after), after.steps['a']?.cascade, after.steps['a']?.error], [{ a: 'failed', b: 'skipped' }, 'failing', error]);
  });

  it('is cancelled if its run is, when nothing of it is open, and its cascade ends with it', () => {
    const cancelling = { ...succeeding, total: 3, cancelled: 1, cascade: 'cancelling' } as const;
    const open = advanced({ text: chain, run: { cancel_requested: 1 }, steps: { a: cancelling, b: {}, c: {} } });
    assert.deepEqual([statesOf(open), open.run], [{ b: 'cancelled', c: 'cancelled' }, {}]);
    const after = advanced({ text: chain, run: { cancel_requested: 1 }, steps: { a: { ...cancelling, cancelled: 2 }, b: {}, c: {} } });
    assert.deepEqual([statesOf(after), after.steps['a']?.cascade, after.run.state], [{ a: 'cancelled', b: 'cancelled', c: 'cancelled' }, null, 'cancelled']);
  });

  it('waits for a cascade that still reopens its jobs', () => {
    assert.deepEqual(advanced({ text: chain, steps: { a: { ...succeeding, cascade: 'reopening' }, b: {}, c: {} } }).steps, {});
  });
});

describe('a step that waits', () => {
  const two = (condition: string): string => `steps:\n  a: { uses: test/scripted, with: {} }\n  b: { needs: a, if: ${JSON.stringify(condition)}, uses: test/scripted, with: {} }\n`;
  const cases: Record<string, [condition: string, a: Partial<StepRow>, state: string | undefined]> = {
    'starts if its condition holds': ['${{ steps.a.status == "succeeded" }}', succeeding, 'running'],
    'is skipped if it does not': ['${{ false }}', succeeding, 'skipped'],
    'is skipped after a failure, whatever its condition': ['${{ true }}', dying, 'skipped'],
    'starts after a failure if it asks for that': ['${{ failure() }}', dying, 'running'],
    'is skipped after a success if it asks for a failure': ['${{ failure() }}', succeeding, 'skipped'],
    'fails if its condition can not be decided': ['${{ 1 / 0 == 1 }}', succeeding, 'failed'],
  };
  for (const [name, [condition, a, state]] of Object.entries(cases)) {
    it(name, () => assert.equal(advanced({ text: two(condition), steps: { a, b: {} } }).steps['b']?.state, state));
  }
});

describe('on-failure steps', () => {
  it('start when the run fails for the first time', () => {
    const after = advanced({ text: telling, steps: { a: dying, b: {}, c: {}, tell: {}, tell2: {} } });
    assert.deepEqual([after.run.state, after.run.on_failure_state, after.started], ['failed', 'running', ['tell']]);
  });

  it('do not start again when the run was reopened and fails again', () => {
    const after = advanced({ text: telling, run: { on_failure_state: 'ended' }, steps: { a: dying, b: {}, c: {}, tell: done, tell2: done } });
    assert.deepEqual([after.run.state, after.run.on_failure_state, after.started], ['failed', undefined, []]);
  });

  it('do not start in a run that is cancelled', () => {
    const after = advanced({ text: telling, run: { cancel_requested: 1 }, steps: { a: dying, b: {}, c: {}, tell: {}, tell2: {} } });
    assert.deepEqual([after.run.state, after.run.on_failure_state, after.started], ['cancelled', undefined, []]);
  });

  it('end with the last of them', () => {
    const run = { state: 'failed', on_failure_state: 'running', ended_at: 1500 } as const;
    const ending = advanced({ text: telling, run, steps: { a: failed, b: { state: 'skipped' }, c: { state: 'skipped' }, tell: done, tell2: succeeding } });
    assert.deepEqual([statesOf(ending), ending.run], [{ tell2: 'succeeded' }, { on_failure_state: 'ended' }]);
  });

  it('that a person cancelled leave the failed run one that can be reopened', () => {
    const run = { state: 'failed', on_failure_state: 'running', cancel_requested: 1, ended_at: 1500 } as const;
    const after = advanced({ text: telling, run, steps: { a: failed, b: { state: 'skipped' }, c: { state: 'skipped' }, tell: { ...dying, dead: 0, cancelled: 1, cascade: 'cancelling' }, tell2: {} } });
    assert.deepEqual([statesOf(after), after.run], [{ tell: 'cancelled', tell2: 'cancelled' }, { on_failure_state: 'ended', cancel_requested: 0 }]);
  });

  it('run again when a replay of one succeeds, and the run stays as it ended', () => {
    const run = { state: 'succeeded', on_failure_state: 'ended', ended_at: 1500 } as const;
    const after = advanced({ text: telling, run, steps: { a: done, b: done, c: done, tell: { ...failed, dead: 0, succeeded: 1 }, tell2: { state: 'skipped' } }, succeeded: ['tell'] });
    assert.deepEqual([after.run, after.started], [{ on_failure_state: 'running' }, ['tell2']]);
    assert.equal(after.steps['tell']?.state, 'succeeded');
  });
});

describe('a failed step in which a replayed job succeeds', () => {
  const run = { state: 'failed', ended_at: 1500 } as const;
  const skipped = { state: 'skipped', ended_at: 1500 } as const;

  it('continues to its end, what was skipped waits again, and the run runs', () => {
    const after = advanced({ text: chain, run, steps: { a: { ...failed, dead: 0, succeeded: 1 }, b: skipped, c: skipped }, succeeded: ['a'] });
    assert.deepEqual(statesOf(after), { a: 'succeeded', b: 'running', c: 'waiting' });
    assert.deepEqual([after.run, after.started, after.effects.runningRuns], [{ state: 'running', ended_at: null, error: null }, ['b'], 1]);
  });

  it('stays failed while more have died than may', () => {
    const after = advanced({ text: each('on-item-failure: continue'), run, steps: { a: { ...failed, is_foreach: 1, total: 3, succeeded: 2 }, b: skipped }, succeeded: ['a'] });
    assert.deepEqual([after.steps, after.run], [{}, {}]);
  });

  it('stays failed in a run that is cancelled, and while a person is cancelling its jobs', () => {
    const a = { ...failed, dead: 0, succeeded: 1 } as const;
    assert.deepEqual(advanced({ text: chain, run: { ...run, cancel_requested: 1 }, steps: { a, b: skipped, c: skipped }, succeeded: ['a'] }).steps, {});
    assert.deepEqual(advanced({ text: chain, run, steps: { a: { ...a, total: 2, cascade: 'cancelling' }, b: skipped, c: skipped }, succeeded: ['a'] }).steps, {});
  });

  it('takes up again what its failure cancelled, and lets go what is under way', () => {
    const jobs: LedgerJob[] = [aJob({ id: 7, state: 'active', cancel_cause: 'sibling' }), aJob({ id: 8, state: 'active', cancel_cause: 'person' }), aJob({ id: 9, state: 'active' })];
    const a = { ...failed, is_foreach: 1, total: 6, dead: 0, succeeded: 1, cancelled: 2, cascade: 'failing' } as const;
    const reopening = advanced({ text: each('on-item-failure: fail'), run, steps: { a, b: skipped }, succeeded: ['a'], facts: { activeJobs: { 1: jobs }, hasCancelledBySibling: { 1: true } } });
    assert.deepEqual([statesOf(reopening), reopening.steps['a']?.cascade, reopening.jobs], [{ a: 'running', b: 'waiting' }, 'reopening', { 7: { cancel_cause: null } }]);
    const none = advanced({ text: each('on-item-failure: fail'), run, steps: { a, b: skipped }, succeeded: ['a'] });
    assert.equal(none.steps['a']?.cascade, null, 'the cascade had come to none of them yet');
  });

  it('continues a fan-out that its failure ended', () => {
    const a = { ...failed, is_foreach: 1, total: 2, dead: 0, succeeded: 2, expanded: 0, cursor: 2 } as const;
    const after = advanced({ text: each('on-item-failure: fail'), run, steps: { a, b: skipped }, succeeded: ['a'] });
    assert.deepEqual([statesOf(after), [...after.effects.fanOuts]], [{ a: 'running', b: 'waiting' }, [[1, { stepId: 1, queue: 'default', cursor: 2 }]]]);
  });

  it('does not reopen a run that another step keeps failed', () => {
    const text = 'steps:\n  a: { uses: test/scripted, with: {} }\n  b: { uses: test/scripted, with: {} }\n';
    const after = advanced({ text, run, steps: { a: { ...failed, dead: 0, succeeded: 1 }, b: failed }, succeeded: ['a'] });
    assert.deepEqual([statesOf(after), after.run], [{ a: 'succeeded' }, {}]);
  });
});
