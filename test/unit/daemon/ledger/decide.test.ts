import assert from 'node:assert/strict';
import type { AttemptOutcome, Call } from '../../../../daemon/ledger/call.ts';
import type { TableName } from '../../../../daemon/ledger/change.ts';
import { decide, stages } from '../../../../daemon/ledger/decide.ts';
import type { JobRow } from '../../../../daemon/ledger/row.ts';
import { Snapshot } from '../../../../daemon/ledger/snapshot.ts';
import { jobMachine, type JobEvent, jobStandings, type JobStanding } from '../../../../daemon/core/state-machine.ts';
import { aJob, aRun, aStep, aWorkflow, decided, type Decided, type Facts } from '../../../support/ledger-facts.ts';

const error = { kind: 'status', cause: '503', message: 'The other side is down.', status: 503 } as const;
const stepInfo = { 1: { runId: 1, name: 'a', uses: 'test/scripted', version: 'v' } };
const settled = (jobId: number, outcome: AttemptOutcome, attempt = 1): Call => ({ name: 'settle', params: { outcomes: [{ jobId, attempt, endedAt: 2000, outcome }] } });
const active = (id: number, more: object = {}) => aJob({ id, state: 'active', attempt: 1, started_at: 1500, ...more });
const patchOf = ({ changes }: Decided, jobId: number): Partial<JobRow> | undefined =>
  changes.flatMap((change) => (change.kind === 'patch' && change.table === 'jobs' && change.id === jobId ? [change.values] : []))[0];
const rowsOf = ({ changes }: Decided, table: TableName): readonly object[] =>
  changes.flatMap((change): readonly object[] => (change.kind === 'insert' && change.table === table ? change.rows : []));

describe('a decision', () => {
  it('gives the same for the same calls and facts, and leaves the facts as they are', () => {
    const facts: Facts = { job: { 1: Object.freeze(active(1)), 2: Object.freeze(active(2)) }, stepInfo };
    const calls = [settled(1, { kind: 'succeeded', output: '1' }), settled(2, { kind: 'dead', error })];
    assert.deepEqual(decided(calls, facts), decided(calls, facts));
  });

  it('says all that it lacks of many calls together, and is nothing else until it has them', () => {
    const calls = Array.from({ length: 50 }, (_, index) => settled(index + 1, { kind: 'interrupted' }));
    const undecided = decide(calls, new Snapshot({ env: {}, ids: { runs: { next: 1, end: 1 }, steps: { next: 1, end: 1 }, jobs: { next: 1, end: 1 } } }));
    assert.deepEqual(undecided, { missing: calls.map((_, index) => ({ kind: 'job', key: index + 1 })) });
  });

  it('shows each call the jobs as those before left them: of two outcomes of one attempt the second is refused', () => {
    const twice = decided([settled(1, { kind: 'interrupted' }), settled(1, { kind: 'succeeded', output: 'null' })], { job: { 1: active(1) } });
    assert.deepEqual(twice.answers.map((answer) => answer.ok && answer.value), [{ refused: [], failed: [] }, { refused: [0], failed: [] }]);
    assert.deepEqual(patchOf(twice, 1), { state: 'pending', started_at: null });
  });

  it('lets a call that refuses leave nothing behind, and the others stand', () => {
    const calls: Call[] = [
      { name: 'retry', params: { jobIds: [1, 2], now: 3000 } },
      { name: 'retry', params: { jobIds: [1], now: 3000 } },
      { name: 'discard', params: { jobIds: [3, 1], now: 3000 } },
    ];
    const decision = decided(calls, { job: { 1: aJob({ state: 'delayed' }), 2: aJob({ id: 2 }), 3: aJob({ id: 3, state: 'dead' }) }, stepInfo });
    assert.deepEqual(decision.answers.map((answer) => (answer.ok ? answer.value : answer.error.code)), ['wrong-state', { retried: [1] }, 'wrong-state']);
    assert.deepEqual(decision.changes.map((change) => change.kind), ['patch']);
    assert.deepEqual(patchOf(decision, 1), { state: 'pending', due_at: 3000, pace: null });
  });

  it('asks in a few rounds, however many jobs, steps and runs there are', () => {
    const ids = Array.from({ length: 60 }, (_, index) => index + 1);
    const byId = <Value>(make: (id: number) => Value): Record<number, Value> => Object.fromEntries(ids.map((id) => [id, make(id)]));
    const chain = aWorkflow('steps:\n  a: { uses: test/scripted, with: {} }\n  b: { uses: test/scripted, with: { got: "${{ steps.a.output }}" } }\n');
    const facts: Facts = {
      job: byId((id) => active(id, { step_id: id })),
      stepInfo: byId((id) => ({ runId: id, name: 'a', uses: 'test/scripted', version: 'v' })),
      step: byId((id) => aStep({ id, run_id: id, succeeded: 1 })),
      run: byId((id) => ({ run: aRun({ id }), steps: [aStep({ id, run_id: id, succeeded: 1 }), aStep({ id: id + 1000, run_id: id, name: 'b', state: 'waiting', total: 0, expanded: 0, started_at: null })] })),
      output: byId((id) => id),
      workflow: { v: chain },
      queue: { 1: { id: 1, name: 'default', definition: { name: 'default' }, pending: 0, delayed: 0 } },
      knownQueue: { default: 1 },
      due: { 1: ids.map((id) => ({ ...aJob({ id, step_id: id }), created_at: 1, progress: null, connection: null, payload: '{}', secrets: null })) },
    };
    const outcomes = decided([{ name: 'settle', params: { outcomes: ids.map((jobId) => ({ jobId, attempt: 1, endedAt: 2000, outcome: { kind: 'dead', error } })) } }], facts);
    assert.equal(outcomes.rounds.length, 2);
    const advanced = decided([{ name: 'advance', params: { steps: new Map(ids.map((id) => [id, { succeeded: true, dead: false, look: false }])), now: 2000 } }], facts);
    assert.ok(advanced.rounds.length <= 5, `${advanced.rounds.length} rounds`);
    assert.equal(rowsOf(advanced, 'jobs').length, 60);
    assert.deepEqual(advanced.changes.flatMap((change) => (change.kind === 'insert' ? [change.table] : [])), ['jobs', 'payloads'], 'the rows of a table are one change');
    const claimed = decided([{ name: 'claim', params: { queue: 'default', limit: 60, now: 2000 } }], facts);
    assert.ok(claimed.rounds.length <= 4, `${claimed.rounds.length} rounds`);
  });

  for (const [how, text, waiting, ended] of [
    ['succeed', 'steps:\n  a: { uses: test/scripted, with: {} }\noutputs: { sum: "${{ inputs.n + steps.a.output }}" }\n', [], { succeeded: 1 }],
    ['fail, and skip what decides by what nobody has read yet', 'steps:\n  a: { uses: test/scripted, with: {} }\n  b: { needs: [a], if: "${{ always() && inputs.n > 100 }}", uses: test/scripted, with: {} }\n', ['b'], { dead: 1 }],
  ] as const) {
    it(`asks in a few rounds, however many child runs ${how}`, () => {
      const ids = Array.from({ length: 60 }, (_, index) => index + 1);
      const byId = <Value>(make: (id: number) => Value, from = 0): Record<number, Value> => Object.fromEntries(ids.map((id) => [from + id, make(id)]));
      const done = (id: number) => aStep({ id, run_id: id, ...ended });
      const facts: Facts = {
        job: byId((id) => aJob({ id: 500 + id, step_id: 900, state: 'waiting', attempt: 1 }), 500),
        wait: byId((id) => ({ job_id: 500 + id, kind: 'run', attempt: 1, run_id: 99, name: null, on_timeout: null, child_id: id }), 500),
        stepInfo: { 900: { runId: 99, name: 'each', uses: 'workflow/run', version: 'v' } },
        step: byId(done),
        run: byId((id) => ({ run: aRun({ id, parent_job: 500 + id, parent_run: 99, depth: 1 }), steps: [done(id), ...waiting.map((name) => aStep({ id: id + 1000, run_id: id, name, state: 'waiting', total: 0, expanded: 0, started_at: null }))] })),
        inputs: byId((id) => ({ n: id })),
        output: byId((id) => id),
        firstDeath: byId(() => JSON.stringify(error)),
        activeJobs: byId(() => []),
        workflow: { v: aWorkflow(`inputs: { n: { type: integer } }\n${text}`) },
      };
      const { rounds, changes } = decided([{ name: 'advance', params: { steps: new Map(ids.map((id) => [id, { succeeded: how === 'succeed', dead: how !== 'succeed', look: false }])), now: 2000 } }], facts);
      assert.ok(rounds.length <= 8, `${rounds.length} rounds`);
      assert.equal(changes.filter((change) => change.kind === 'patch' && change.table === 'jobs').length, 60, 'each ends the wait of its job');
    });
  }

  it('is not a decision where the machine has no such move: that is a bug', () => {
    const dueButActive = { ...active(1), created_at: 1, progress: null, connection: null, payload: '{}', secrets: null };
    assert.throws(() => decided([{ name: 'claim', params: { queue: 'q', limit: 1, now: 1 } }], { knownQueue: { q: 1 }, due: { 1: [dueButActive] }, stepInfo }), /a job that is active can't claim/);
  });
});

describe('the outcome of an attempt', () => {
  const patches: Record<string, [outcome: AttemptOutcome, before: object, patch: object]> = {
    'a success': [{ kind: 'succeeded', output: '1' }, {}, { state: 'succeeded', tries: 1, ended_at: 2000 }],
    'a success after all, of a job whose sibling died': [{ kind: 'succeeded', output: '1' }, { cancel_cause: 'sibling' }, { state: 'succeeded', tries: 1, cancel_cause: null, ended_at: 2000 }],
    'a retry': [{ kind: 'retry', dueAt: 5000, charged: true, error }, {}, { state: 'delayed', due_at: 5000, tries: 1, throttles: 0, started_at: null, error: JSON.stringify(error) }],
    'a retry that is not charged': [{ kind: 'retry', dueAt: 5000, charged: false, error }, { throttles: 2 }, { state: 'delayed', due_at: 5000, tries: 0, throttles: 3, started_at: null, error: JSON.stringify(error) }],
    'a retry after a part was taken': [
      { kind: 'retry', dueAt: 5000, charged: false, error, progress: '7' }, { throttles: 2 },
      { state: 'delayed', due_at: 5000, tries: 0, throttles: 0, started_at: null, error: JSON.stringify(error), progress: '7' },
    ],
    'a retry of a job that a person cancelled': [{ kind: 'retry', dueAt: 5000, charged: true, error }, { cancel_cause: 'person' }, { state: 'cancelled', ended_at: 2000 }],
    'a retry of a job whose sibling died': [{ kind: 'retry', dueAt: 5000, charged: true, error }, { cancel_cause: 'sibling' }, { state: 'cancelled', ended_at: 2000 }],
    'a death': [{ kind: 'dead', error }, { cancel_cause: 'sibling' }, { state: 'dead', tries: 1, cancel_cause: null, ended_at: 2000, error: JSON.stringify(error), failure_group: 'test/scripted: 503' }],
    'one that never began': [{ kind: 'returned' }, {}, { state: 'pending', attempt: 0, started_at: null }],
    'one that a stop cut off': [{ kind: 'interrupted' }, {}, { state: 'pending', started_at: null }],
    'a cancelled one': [{ kind: 'cancelled' }, { cancel_cause: 'person' }, { state: 'cancelled', ended_at: 2000 }],
  };
  for (const [name, [outcome, before, patch]] of Object.entries(patches)) {
    it(`is one change of its job: ${name}`, () => {
      const decision = decided([settled(1, outcome)], { job: { 1: active(1, before) }, stepInfo });
      assert.deepEqual(patchOf(decision, 1), patch);
      assert.equal(rowsOf(decision, 'attempts').length, outcome.kind === 'returned' ? 0 : 1, 'what never began was not an attempt');
    });
  }

  it('counts for its step and its queue what it did, once for all outcomes of a batch', () => {
    const decision = decided([settled(1, { kind: 'succeeded', output: '1' }), settled(2, { kind: 'succeeded', output: '1' }), settled(3, { kind: 'retry', dueAt: 1, charged: true, error })], {
      job: { 1: active(1), 2: active(2), 3: active(3) },
    });
    assert.deepEqual(decision.changes.at(-1), { kind: 'count', stepId: 1, by: { succeeded: 2 } });
    assert.deepEqual(decision.effects.queues.get(1), { pending: 0, delayed: 1, active: -3, dead: 0, arrived: 0, left: 2 });
    assert.equal(decision.effects.delayed, true);
  });

  it('holds its queue until the last hold ends, even if it is refused', () => {
    const held = (jobId: number, until: number): Call => ({ name: 'settle', params: { outcomes: [{ jobId, attempt: 9, endedAt: 2000, outcome: { kind: 'interrupted' }, hold: { until } }] } });
    const facts: Facts = { job: { 1: active(1) }, queueRow: { 1: { paused: 0, held_until: 5000, held_by: null } } };
    const holds = (...calls: Call[]) => decided(calls, facts).changes;
    assert.deepEqual(holds(held(1, 4000)), []);
    assert.deepEqual(holds(held(1, 9000), held(1, 7000)), [{ kind: 'patch', table: 'queues', id: 1, values: { held_until: 9000, held_by: null } }]);
  });
});

describe('the moves of a job', () => {
  /** A call that makes each move, over facts in which it is due; moves that others of these make too are left out. */
  const makers: { readonly [Event in JobEvent]: (job: ReturnType<typeof aJob>) => Call } = {
    due: ({ id }) => ({ name: 'retry', params: { jobIds: [id], now: 1 } }),
    defer: () => ({ name: 'setQueue', params: { queue: 'q', paused: false } }),
    claim: () => ({ name: 'claim', params: { queue: 'q', limit: 1, now: 1 } }),
    succeed: ({ id }) => settled(id, { kind: 'succeeded', output: 'null' }, 0),
    retry: ({ id }) => settled(id, { kind: 'retry', dueAt: 1, charged: true, error }, 0),
    interrupt: ({ id }) => settled(id, { kind: 'interrupted' }, 0),
    die: ({ id }) => settled(id, { kind: 'dead', error }, 0),
    cancel: ({ id, state }) => (state === 'active' ? settled(id, { kind: 'cancelled' }, 0) : { name: 'cancelJob', params: { jobId: id, now: 1 } }),
    replay: ({ id }) => ({ name: 'replay', params: { jobIds: [id], now: 1 } }),
    replay_later: ({ id }) => ({ name: 'replay', params: { jobIds: [id], now: 1, dueAts: [9] } }),
    recall: ({ id }) => ({ name: 'recall', params: { jobIds: [id], now: 1 } }),
    wait: ({ id }) => settled(id, { kind: 'wait', wait: { for: 'time', until: 9 } }, 0),
    end_wait: () => ({ name: 'promote', params: { now: 1 } }),
    fail_wait: () => ({ name: 'promote', params: { now: 1 } }),
    wait_again: () => ({ name: 'promote', params: { now: 1 } }),
    reopen: () => ({ name: 'cascade', params: { now: 1, limit: 1 } }),
    discard: ({ id }) => ({ name: 'discard', params: { jobIds: [id], now: 1 } }),
  };
  for (const [event, moves] of Object.entries(jobMachine) as [JobEvent, readonly { from: JobStanding; to: JobStanding }[]][]) {
    // What reopens a run is more than one call: see `waiting.test.ts` of the stores.
    for (const { from, to } of event === 'wait_again' ? [] : moves) {
      it(`${event}: from ${from} to ${to}, in one change with the state in it`, () => {
        const job = aJob({ state: from, round: 2, ...(event === 'reopen' ? { cancel_cause: 'sibling' } : {}) });
        const wait = { job_id: 1, kind: 'signal', attempt: 0, run_id: 1, name: 'x', on_timeout: event === 'fail_wait' ? 'fail' : 'continue', child_id: null } as const;
        const due = { ...job, created_at: 1, progress: null, connection: null, payload: '{}', secrets: null };
        const decision = decided([makers[event](job)], {
          job: { 1: job }, stepInfo, knownQueue: { q: 1 }, queueId: { q: 1 }, queueRow: { 1: { paused: 1, held_until: null, held_by: null } }, nextDue: { 0: 1 }, overdue: { 1: [job] }, wait: { 1: wait }, due: { 1: [due] }, paced: { 1: [job] },
          payload: { 1: { job_id: 1, payload: '{}', secrets: null, item: null, created_at: 1 } }, cascading: { 0: [{ stepId: 1, kind: 'reopening', jobs: [job], last: false }] },
        });
        assert.equal(patchOf(decision, 1)?.state, to);
        assert.equal(decision.changes.filter((change) => change.kind === 'patch' && change.table === 'jobs').length, 1);
      });
    }
  }

  it('are refused by value from any other state, and change nothing', () => {
    for (const state of jobStandings) {
      for (const event of ['due', 'replay', 'recall', 'discard'] as const) {
        const moves: readonly { readonly from: JobStanding }[] = jobMachine[event];
        if (moves.some(({ from }) => from === state)) continue;
        const { answers, changes } = decided([makers[event](aJob())], { job: { 1: aJob({ state, round: 2 }) }, stepInfo, wait: { 1: { job_id: 1, kind: 'signal', attempt: 0, run_id: 1, name: 'x', on_timeout: 'fail', child_id: null } }, payload: { 1: { job_id: 1, payload: '{}', secrets: null, item: null, created_at: 1 } } });
        assert.deepEqual([answers.map(({ ok }) => ok), changes], [[false], []], `${event} of a job that is ${state}`);
      }
    }
  });
});

describe('stages', () => {
  it('put outcomes together that follow one another, and starts of runs, and give each call that chooses one of its own', () => {
    const named = (...names: string[]) => stages(names.map((name) => ({ name }))).map((stage) => stage.map(({ name }) => name).join('+'));
    assert.deepEqual(named('settle', 'settle', 'claim', 'claim', 'settle', 'createRun', 'settle', 'settle'), ['settle+settle', 'claim', 'claim', 'settle', 'createRun', 'settle+settle']);
    assert.deepEqual(named('deliver', 'deliver', 'createRun', 'createRun', 'claim', 'deliver'), ['deliver+deliver', 'createRun+createRun', 'claim', 'deliver']);
    assert.deepEqual(named(), []);
  });
});
