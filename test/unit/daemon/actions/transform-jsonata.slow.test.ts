import assert from 'node:assert/strict';
import type { ActionContext, ActionFailure } from '../../../../daemon/actions/action.ts';
import type { Json, JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('transform/jsonata', () => {
  const bench = new ActionBench();
  after(() => bench.stopActions());

  const orders = [
    { id: 1, customer: 'Ada', total: 10.5 },
    { id: 2, customer: 'Grace', total: 4 },
    { id: 3, customer: 'Ada', total: 2 },
  ];
  const output = async (expression: string, input: Json = { orders }, context: Partial<ActionContext> = {}): Promise<Json> => succeeded(await bench.run('transform/jsonata', { expression, input }, context)).output;
  const failure = async (expression: string, given: JsonObject = {}, context: Partial<ActionContext> = {}): Promise<ActionFailure> => failed(await bench.run('transform/jsonata', { expression, input: { orders }, ...given }, context));

  it('gives what its expression gives', async () => {
    assert.deepEqual(await output('orders{customer: $sum(total)}'), { Ada: 12.5, Grace: 4 });
    assert.deepEqual(await output('orders[total > 3].{ "name": customer, "cents": total * 100 }'), [{ name: 'Ada', cents: 1050 }, { name: 'Grace', cents: 400 }]);
    assert.equal(await output('$.count * 2', { count: 21 }), 42);
    assert.deepEqual(await output('[]'), []);
    assert.equal(await output('orders[0].customer ~> $uppercase'), 'ADA');
    // Nothing matches.
    assert.equal(await output('orders.nobody'), null);
    assert.equal(succeeded(await bench.run('transform/jsonata', { expression: '1 + 1' })).output, 2);
  });

  it('has no clock but that of the attempt, and the same random numbers in all attempts', async () => {
    const now = Date.UTC(2026, 1, 3, 4, 5, 6);
    assert.deepEqual(await output('[$now(), $millis(), $fromMillis($millis(), "[Y]-[M01]")]', null, { now }), ['2026-02-03T04:05:06.000Z', now, '2026-02']);
    assert.equal(await output('$random()'), await output('$random()'));
  });

  it('says at which line of the file it failed, and is not repeated', async () => {
    const expression = '(\n  $total := $sum(orders.total);\n  $total + orders[0].customer\n)';
    const { error } = await failure(expression, {}, { code: { text: expression, line: 20 } });
    assert.deepEqual([error.kind, error.cause], ['invalid', 'expression failed']);
    assert.match(error.message, /must evaluate to a number.* See line 22 of the workflow's file\./);
    const invalid = await failure('orders[\n total >', {}, { code: { text: 'orders[\n total >', line: 5 } });
    assert.match(invalid.error.message, /not valid JSONata.* See line 6 of the workflow's file\./);
    assert.match((await failure('$error("as asked")')).error.message, /The expression failed: as asked\./);
    assert.match((await failure('function($x) { $x }')).error.message, /the result is a function/);
  });

  it('never runs text of the data', async () => {
    assert.match((await failure('$eval("1 + 1")')).error.message, /\$eval/);
    assert.match((await failure('$lookup({ "f": $eval }, "f")("1 + 1")')).error.message, /\$eval/);
    assert.equal(await output('orders.constructor.constructor("return 1")()').catch(() => null), null);
  });

  const hostile: readonly (readonly [what: string, expression: string, cause: RegExp])[] = [
    ['an endless loop', '($f := function($n) { $f($n + 1) }; $f(0))', /too slow|out of memory/],
    ['endless recursion', '($f := function($n) { 1 + $f($n + 1) }; $f(0))', /too slow|out of memory|too deep/],
    ['a pattern that takes for ever', `$match("${'a'.repeat(40)}!", /(a+)+$/)`, /too slow/],
    ['a range of a hundred million', '[1..99999999]', /expression failed|out of memory|too slow/],
    ['a text of a hundred million characters', '$pad("x", 100000000)', /out of memory|too slow/],
    ['deep nesting', `${'['.repeat(5000)}1${']'.repeat(5000)}`, /not valid|too deep/],
  ];
  for (const [what, expression, cause] of hostile) {
    it(`ends ${what}, and runs the next one`, async () => {
      const { error } = await failure(expression, { 'time-limit': '200ms' });
      assert.match(error.cause, cause);
      assert.equal(await output('1 + 1'), 2);
    });
  }
});
