import assert from 'node:assert/strict';
import { Book } from '../../../../daemon/ledger/book.ts';
import type { Call } from '../../../../daemon/ledger/call.ts';
import type { Cascade, CancelCause, JobRow, LedgerJob, RunRow, StepRow } from '../../../../daemon/ledger/row.ts';
import { Snapshot } from '../../../../daemon/ledger/snapshot.ts';
import { cancelCauseMachine, cascadeMachine, nextCancelCause, nextCascade, type CancelCauseEvent, type CascadeEvent } from '../../../../daemon/core/state-machine.ts';
import { aJob, aRun, aStep, decided, type Decided, type Facts } from '../../../support/ledger-facts.ts';

const noIds = { next: 1, end: 1 };
const emptyBook = (): Book => new Book(new Snapshot({ env: {}, ids: { runs: noIds, steps: noIds, jobs: noIds } }));
const active = (id: number, more: Partial<LedgerJob> = {}) => aJob({ id, state: 'active', attempt: 1, started_at: 1500, ...more });
const patches = <Row>({ changes }: Decided, table: 'jobs' | 'steps' | 'runs'): Record<number, Partial<Row>> =>
  Object.fromEntries(changes.flatMap((change) => (change.kind === 'patch' && change.table === table ? [[change.id, change.values as Partial<Row>]] : [])));
const jobsOf = (decision: Decided) => patches<JobRow>(decision, 'jobs');
const cascade: Call = { name: 'cascade', params: { now: 3000, limit: 10 } };

describe('the movers of cancelling', () => {
  const cascades: readonly (Cascade | null)[] = [null, 'cancelling', 'failing', 'reopening'];
  for (const event of Object.keys(cascadeMachine) as CascadeEvent[]) {
    for (const before of cascades) {
      const after = nextCascade(before ?? 'none', event);
      it(`cascade ${before ?? 'none'}: ${event} ${after === undefined ? 'is a bug' : `gives ${after}`}`, () => {
        const book = emptyBook();
        const move = (): Cascade | null => book.moveCascade({ id: 1, cascade: before }, event);
        if (after === undefined) {
          assert.throws(move, /can't/);
          assert.deepEqual(book.changes, []);
          return;
        }
        const expected = after === 'none' ? null : after;
        assert.equal(move(), expected);
        assert.deepEqual(book.changes, [{ kind: 'patch', table: 'steps', id: 1, values: { cascade: expected } }]);
        assert.deepEqual([...book.effects.cascades], [[1, expected ?? undefined]]);
      });
    }
  }

  const causes: readonly (CancelCause | null)[] = [null, 'sibling', 'person'];
  for (const event of Object.keys(cancelCauseMachine) as CancelCauseEvent[]) {
    for (const before of causes) {
      const after = nextCancelCause(before ?? 'none', event);
      const stays = before === 'person' && (event === 'request' || event === 'sibling_died');
      it(`cause ${before ?? 'none'}: ${event} ${stays ? 'changes nothing' : after === undefined ? 'is a bug' : `gives ${after}`}`, () => {
        const book = emptyBook();
        const move = (): void => book.moveCancelCause(active(1, { cancel_cause: before }), event);
        if (after === undefined && !stays) assert.throws(move, /can't/);
        else move();
        const changed = after === undefined ? [] : [{ kind: 'patch', table: 'jobs', id: 1, values: { cancel_cause: after === 'none' ? null : after } }];
        assert.deepEqual(book.changes, changed);
      });
    }
  }

  it('know a cause that was changed before in the same decision', () => {
    const book = emptyBook();
    const job = active(1, { cancel_cause: 'sibling' });
    book.moveCancelCause(job, 'release');
    book.moveCancelCause(job, 'sibling_died');
    assert.deepEqual(book.changes, [{ kind: 'patch', table: 'jobs', id: 1, values: { cancel_cause: 'sibling' } }]);
  });

  it('ask for a run to be cancelled once, and take back only what was asked', () => {
    const book = emptyBook();
    assert.throws(() => book.moveCancelRequest(aRun(), 'fulfil'), /isn't to be cancelled/);
    book.moveCancelRequest(aRun(), 'request');
    assert.throws(() => book.moveCancelRequest(aRun({ cancel_requested: 1 }), 'request'), /is to be cancelled/);
    assert.deepEqual(book.changes, [{ kind: 'patch', table: 'runs', id: 1, values: { cancel_requested: 1 } }]);
  });
});

describe('cancelling a job', () => {
  const cancelled = (job: LedgerJob) => jobsOf(decided([{ name: 'cancelJob', params: { jobId: 1, now: 2000 } }], { job: { 1: job } }))[1];

  it('ends one that waits, as a person wanted it', () => {
    assert.deepEqual(cancelled(aJob()), { cancel_cause: 'person', state: 'cancelled', ended_at: 2000 });
    assert.deepEqual(cancelled(aJob({ state: 'delayed' })), { cancel_cause: 'person', state: 'cancelled', ended_at: 2000 });
  });

  it('leaves the attempt of one that is active to end, without another', () => {
    assert.deepEqual(cancelled(active(1)), { cancel_cause: 'person' });
    assert.deepEqual(cancelled(active(1, { cancel_cause: 'sibling' })), { cancel_cause: 'person' }, 'a person outranks a sibling');
  });

  it('changes nothing the second time', () => assert.equal(cancelled(active(1, { cancel_cause: 'person' })), undefined));
});

describe('cancelling a run', () => {
  const facts = (run: Partial<RunRow>, steps: readonly StepRow[]): Facts => ({ run: { 1: { run: aRun(run), steps } }, activeJobs: { 1: [active(7), active(8, { cancel_cause: 'sibling' })] } });
  const cancelRun: Call = { name: 'cancelRun', params: { runId: 1, now: 2000 } };

  it('gives each step that started a cascade, names the jobs under way, and ends fan-outs', () => {
    const decision = decided([cancelRun], facts({}, [aStep({ total: 5 }), aStep({ id: 2, name: 'b', state: 'waiting' }), aStep({ id: 3, name: 'c', state: 'failed', cascade: 'failing' }), aStep({ id: 4, name: 'd', state: 'succeeded' })]));
    assert.deepEqual(decision.answers, [{ ok: true, value: { active: [7, 8] } }]);
    assert.deepEqual(patches(decision, 'runs'), { 1: { cancel_requested: 1 } });
    assert.deepEqual(patches(decision, 'steps'), { 1: { cascade: 'cancelling' }, 3: { cascade: 'cancelling' } });
    assert.deepEqual(jobsOf(decision), { 7: { cancel_cause: 'person' }, 8: { cancel_cause: 'person' } });
    assert.deepEqual([...decision.effects.fanOuts], [[1, undefined], [3, undefined]]);
    assert.deepEqual([...decision.effects.steps.keys()], [1, 2, 3]);
  });

  it('can be asked for again', () => {
    const decision = decided([cancelRun], facts({ cancel_requested: 1 }, [aStep({ total: 5, cascade: 'cancelling' })]));
    assert.deepEqual([patches(decision, 'runs'), patches(decision, 'steps')], [{}, {}]);
  });

  it('is refused for a run that has ended, unless its on-failure steps run', () => {
    const answerOf = (run: Partial<RunRow>) => decided([cancelRun], facts(run, [aStep({ state: 'failed', dead: 1 })])).answers[0]?.ok;
    assert.deepEqual([answerOf({ state: 'failed', on_failure_state: 'ended' }), answerOf({ state: 'failed', on_failure_state: 'running' })], [false, true]);
  });
});

describe('a cascade', () => {
  const chunk = (kind: Cascade, jobs: readonly LedgerJob[], last: boolean): Facts => ({ cascading: { 0: [{ stepId: 1, kind, jobs, last }] } });

  it('cancels what waits, for good if a person wanted it, until the step is reopened if a sibling died', () => {
    const waiting = [aJob({ id: 1 }), aJob({ id: 2, state: 'delayed' })];
    for (const [kind, cause] of [['cancelling', 'person'], ['failing', 'sibling']] as const) {
      const decision = decided([cascade], chunk(kind, waiting, false));
      assert.deepEqual(jobsOf(decision), { 1: { cancel_cause: cause, state: 'cancelled', ended_at: 3000 }, 2: { cancel_cause: cause, state: 'cancelled', ended_at: 3000 } });
      assert.deepEqual([decision.answers, [...decision.effects.cascades]], [[{ ok: true, value: { more: true } }], []]);
    }
  });

  it('reopens what a sibling cancelled', () => {
    const decision = decided([cascade], chunk('reopening', [aJob({ state: 'cancelled', cancel_cause: 'sibling' })], false));
    assert.deepEqual(jobsOf(decision), { 1: { cancel_cause: null, state: 'pending', due_at: 3000, ended_at: null } });
  });

  it('ends with its last chunk, and has its step looked at', () => {
    const decision = decided([cascade], chunk('failing', [], true));
    assert.deepEqual([patches(decision, 'steps'), [...decision.effects.cascades], decision.answers], [{ 1: { cascade: null } }, [[1, undefined]], [{ ok: true, value: { more: false } }]]);
    assert.equal(decision.effects.steps.get(1)?.look, true);
  });

  it('is what a claim follows: jobs of such a step are cancelled and not claimed', () => {
    const due = (id: number, stepId: number) => ({ ...aJob({ id, step_id: stepId }), created_at: 1, progress: null, connection: null, payload: '{}', secrets: null });
    const decision = decided([{ name: 'claim', params: { queue: 'q', limit: 2, now: 3000 } }], {
      knownQueue: { q: 1 }, due: { 1: [due(1, 1), due(2, 2), due(3, 3), due(4, 4)] }, cascade: { 1: 'cancelling', 2: 'failing', 3: 'reopening' }, nextDue: { 0: undefined },
      stepInfo: Object.fromEntries([1, 2, 3, 4].map((id) => [id, { runId: 1, name: 'a', uses: 'test/scripted', version: 'v' }])),
    });
    const states = Object.entries(jobsOf(decision)).map(([id, { state, cancel_cause: cause }]) => [id, state, cause]);
    assert.deepEqual(states, [['1', 'cancelled', 'person'], ['2', 'cancelled', 'sibling'], ['3', 'active', undefined], ['4', 'active', undefined]]);
  });
});
