import assert from 'node:assert/strict';
import { runScope, type RunScopeSource } from '../../../../daemon/core/run-scope.ts';
import { renderTemplate, parseTemplate } from '../../../../schemas/workflow/template.ts';

describe('the scope of a run', () => {
  const calls: string[] = [];
  const costly = (name: string, value: string) => () => {
    calls.push(name);
    return value;
  };
  const source: RunScopeSource = {
    run: { id: 'r1' },
    env: { REGION: 'eu' },
    now: 5,
    inputs: costly('inputs', 'the inputs'),
    trigger: costly('trigger', 'the trigger'),
    vars: costly('vars', 'the vars'),
    steps: { a: { status: 'succeeded', output: costly('output', 'out'), results: costly('results', 'res') } },
  };
  beforeEach(() => calls.splice(0));

  it('computes nothing that no expression reads, and what is read once', () => {
    const scope = runScope(source);
    assert.deepEqual(calls, []);
    const { a } = scope['steps'] as Record<string, { readonly status: string; readonly output: unknown }>;
    assert.equal(a?.status, 'succeeded');
    assert.deepEqual(calls, []);
    assert.deepEqual([a.output, a.output, scope['inputs'], scope['inputs']], ['out', 'out', 'the inputs', 'the inputs']);
    assert.deepEqual(calls, ['output', 'inputs']);
  });

  it('stays lazy under an expression', () => {
    const parsed = parseTemplate('${{ steps.a.output }} of ${{ run.id }} in ${{ env.REGION }}');
    assert.ok(parsed.ok);
    const rendered = renderTemplate(parsed.template, runScope(source));
    assert.ok(rendered.ok);
    assert.equal(rendered.rendered.value, 'out of r1 in eu');
    assert.deepEqual(calls, ['output']);
  });

  it('takes an item and a job again for each item', () => {
    const scope = runScope(source);
    scope['item'] = 1;
    scope['item'] = 2;
    assert.equal(scope['item'], 2);
    assert.deepEqual(Object.keys(scope).sort(), ['$now', 'env', 'inputs', 'item', 'run', 'steps', 'trigger', 'vars']);
  });
});
