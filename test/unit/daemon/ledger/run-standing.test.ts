import assert from 'node:assert/strict';
import type { RunRow, StepRow } from '../../../../daemon/ledger/row.ts';
import { isFinished, isMiscounted, isStuck } from '../../../../daemon/ledger/pruning.ts';
import { aRun, aStep, decided } from '../../../support/ledger-facts.ts';

const ended = { state: 'succeeded', total: 2, succeeded: 2 } as const;

describe('a run', () => {
  const finished: Record<string, [run: Partial<RunRow>, step: Partial<StepRow>, isFinished: boolean]> = {
    'in which all is done': [{ state: 'succeeded' }, ended, true],
    'of which the dead letters were discarded': [{ state: 'failed', on_failure_state: 'ended' }, { state: 'failed', total: 2, succeeded: 1, discarded: 1 }, true],
    'that runs': [{ state: 'running' }, ended, false],
    'whose on-failure steps run': [{ state: 'failed', on_failure_state: 'running' }, ended, false],
    'with a dead letter': [{ state: 'failed' }, { state: 'failed', total: 2, succeeded: 1, dead: 1 }, false],
    'with a job that was replayed': [{ state: 'failed' }, { state: 'failed', total: 2, succeeded: 1 }, false],
    'of which a cascade still cancels': [{ state: 'failed' }, { ...ended, cascade: 'failing' }, false],
    'with a step that waits': [{ state: 'failed' }, { state: 'waiting', total: 0 }, false],
  };
  for (const [name, [run, step, expected]] of Object.entries(finished)) {
    it(`${name} ${expected ? 'may' : "can't"} be deleted`, () => {
      const facts = { run: aRun(run), steps: [aStep(ended), aStep({ id: 2, ...step })] };
      assert.equal(isFinished(facts), expected);
      const { changes } = decided([{ name: 'prune', params: { runsBefore: 9000, deadLetters: [], limit: 100, now: 9000 } }], { endedBefore: { 9000: [facts] }, jobsOfRun: { 1: [] } });
      assert.equal(changes.some(({ kind }) => kind === 'delete_run'), expected, 'and no store has a say in it');
    });
  }

  const stuck: Record<string, [run: Partial<RunRow>, step: Partial<StepRow>, isStuck: boolean]> = {
    'with an open job': [{}, { total: 1 }, false],
    'with an open fan-out': [{}, { total: 0, expanded: 0 }, false],
    'with a cascade': [{}, { total: 1, succeeded: 1, cascade: 'reopening' }, false],
    'with nothing that moves it': [{}, { total: 1, succeeded: 1 }, true],
    'whose on-failure steps have nothing that moves them': [{ state: 'failed', on_failure_state: 'running' }, { state: 'failed', total: 1, dead: 1 }, true],
    'that has ended': [{ state: 'failed' }, { state: 'failed', total: 1, dead: 1 }, false],
  };
  for (const [name, [run, step, expected]] of Object.entries(stuck)) {
    it(`${name} is ${expected ? '' : 'not '}stuck`, () => assert.equal(isStuck({ run: aRun(run), steps: [aStep(ended), aStep({ id: 2, ...step })] }), expected));
  }
});

describe('the counts of a step', () => {
  const counts = { total: 5, succeeded: 1, dead: 1, cancelled: 1, discarded: 1 };
  it('are wrong if any of them differs from its jobs', () => {
    assert.equal(isMiscounted(counts, { ...counts }), false);
    for (const name of ['total', 'succeeded', 'dead', 'cancelled', 'discarded'] as const) assert.equal(isMiscounted({ ...counts, [name]: 2 }, counts), true, name);
  });
});
