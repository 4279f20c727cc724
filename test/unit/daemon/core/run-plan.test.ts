import assert from 'node:assert/strict';
import { dependentsOf, planSteps, type PriorStatus } from '../../../../daemon/core/run-plan.ts';
import type { StepState } from '../../../../schemas/protocol/id.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Step } from '../../../../schemas/workflow/model.ts';
import { english } from '../../../../schemas/wording/language.ts';

/** Steps by their needs and `if`s. */
function steps(given: Readonly<Record<string, string>>): Readonly<Record<string, Step>> {
  const text = `steps:\n${Object.entries(given).map(([id, more]) => `  ${id}: { uses: test/scripted, with: {}${more === '' ? '' : `, ${more}`} }\n`).join('')}`;
  const { workflow, diagnostics } = analyseWorkflow({ text, id: 'test', actions: 'any' });
  if (workflow === undefined) throw new Error(english.paragraphOf(diagnostics.map(({ message }) => message)));
  return workflow.steps;
}

const states = (given: Readonly<Record<string, StepState>>): ReadonlyMap<string, StepState> => new Map(Object.entries(given));
const yes = (): boolean => true;

describe('the plan of a run', () => {
  it('starts what needs nothing, and waits for needs', () => {
    const group = steps({ a: '', b: 'needs: [a]', c: '' });
    assert.deepEqual(planSteps(group, states({ a: 'waiting', b: 'waiting', c: 'waiting' }), yes), [{ id: 'a', kind: 'start' }, { id: 'c', kind: 'start' }]);
    assert.deepEqual(planSteps(group, states({ a: 'running', b: 'waiting', c: 'running' }), yes), []);
    assert.deepEqual(planSteps(group, states({ a: 'succeeded', b: 'waiting', c: 'running' }), yes), [{ id: 'b', kind: 'start' }]);
  });

  it('skips what needs a step that did not succeed, whatever its `if` would say', () => {
    const group = steps({ a: '', b: 'needs: [a]', c: 'needs: [a], if: "1 == 1"' });
    for (const state of ['failed', 'skipped', 'cancelled'] as const) {
      const never = () => assert.fail('not asked');
      assert.deepEqual(planSteps(group, states({ a: state, b: 'waiting', c: 'waiting' }), never), [{ id: 'b', kind: 'skip' }, { id: 'c', kind: 'skip' }]);
    }
  });

  it('asks an `if` that looks at the status, which is the worst of all steps before it', () => {
    const group = steps({ a: '', b: 'needs: [a]', c: 'needs: [b], if: "always()"' });
    const status = (given: Readonly<Record<string, StepState>>): PriorStatus | undefined => {
      let seen: PriorStatus | undefined;
      planSteps(group, states(given), (_step, prior) => {
        seen = prior;
        return true;
      });
      return seen;
    };
    assert.equal(status({ a: 'succeeded', b: 'succeeded', c: 'waiting' }), 'success');
    assert.equal(status({ a: 'failed', b: 'skipped', c: 'waiting' }), 'failure');
    assert.equal(status({ a: 'cancelled', b: 'skipped', c: 'waiting' }), 'cancelled');
    assert.equal(status({ a: 'failed', b: 'cancelled', c: 'waiting' }), 'failure');
    assert.equal(status({ a: 'running', b: 'waiting', c: 'waiting' }), undefined);
  });

  it('starts, skips or fails by what an `if` gives', () => {
    const group = steps({ a: 'if: "1 == 1"' });
    const error = { kind: 'invalid', cause: 'c', message: 'm' };
    assert.deepEqual(planSteps(group, states({ a: 'waiting' }), () => true), [{ id: 'a', kind: 'start' }]);
    assert.deepEqual(planSteps(group, states({ a: 'waiting' }), () => false), [{ id: 'a', kind: 'skip' }]);
    assert.deepEqual(planSteps(group, states({ a: 'waiting' }), () => error), [{ id: 'a', kind: 'fail', error }]);
  });

  it('looks at needs within its group only', () => {
    const { tell } = steps({ main: '', tell: 'needs: [main]' });
    assert.ok(tell);
    assert.deepEqual(planSteps({ tell }, states({ tell: 'waiting', main: 'failed' }), yes), [{ id: 'tell', kind: 'start' }]);
  });

  it('knows what needs a step, through others too', () => {
    const group = steps({ d: 'needs: [c]', a: '', b: 'needs: [a]', c: 'needs: [b]', x: '' });
    assert.deepEqual([...dependentsOf(group, new Set(['a']))].sort(), ['b', 'c', 'd']);
    assert.deepEqual([...dependentsOf(group, new Set(['d', 'x']))], []);
  });
});
