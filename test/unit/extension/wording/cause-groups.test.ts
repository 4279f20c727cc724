import assert from 'node:assert/strict';
import { groupByCause, whereCause } from '../../../../extension/wording/cause-groups.ts';
import type { JobSummary } from '../../../../schemas/protocol/job.ts';
import { evaluateExpression, parseExpression } from '../../../../schemas/workflow/expression.ts';
import { job, minutesAgo } from '../../daemon/cli/protocol-samples.ts';

const failed = (cause: string, minutes: number): JobSummary => job({ endedAt: minutesAgo(minutes), error: { kind: 'status', cause, message: cause } });

describe('dead letters by cause', () => {
  it('are counted, the group with the newest first', () => {
    const { error: _, ...without } = failed('x', 9);
    assert.deepEqual(groupByCause([failed('500', 1), failed('503', 2), failed('500', 3), without]), [
      { cause: '500', count: 2, newestAt: minutesAgo(1) },
      { cause: '503', count: 1, newestAt: minutesAgo(2) },
      { cause: undefined, count: 1, newestAt: minutesAgo(9) },
    ]);
  });

  for (const cause of ['503 Service Unavailable', 'say "no"', "it's", 'a\\b', 'line\u2028end\n', '${{ x }}', undefined]) {
    it(`are found again by a condition that only fits their own: ${JSON.stringify(cause)}`, () => {
      const parsed = parseExpression(whereCause(cause));
      assert.ok(parsed.ok);
      const fits = (value: string | undefined): boolean => {
        const result = evaluateExpression(parsed.expression, value === undefined ? { id: 'j1' } : { id: 'j1', error: { cause: value } });
        return result.ok && result.value === true;
      };
      assert.equal(fits(cause), true);
      assert.equal(fits('other'), false);
      assert.equal(fits(cause === undefined ? 'x' : undefined), false);
    });
  }
});
