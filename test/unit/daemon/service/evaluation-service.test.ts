import assert from 'node:assert/strict';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { EvaluationService } from '../../../../daemon/service/run-service.ts';
import type { EvaluateParams, Store } from '../../../../daemon/store/store.ts';
import type { ExpressionResult } from '../../../../schemas/workflow/expression/expression.ts';

describe('evaluating an expression against a run', () => {
  const asked: EvaluateParams[] = [];
  const evaluation = (result: ExpressionResult | undefined): EvaluationService => {
    const evaluate = async (params: EvaluateParams): Promise<ExpressionResult | undefined> => {
      asked.push(params);
      return result;
    };
    return new EvaluationService({ store: { evaluate } as unknown as Store, env: () => ({ REGION: 'eu' }), masker: () => new Masker(['hunter22']) });
  };

  it('asks for the run, the step and the item that are meant', async () => {
    await evaluation({ ok: true, value: 1 })['run/evaluate']({ id: 'r12', expression: 'item', step: 'send', index: 3 });
    assert.deepEqual(asked.at(-1), { runId: 12, expression: 'item', step: 'send', index: 3, env: { REGION: 'eu' } });
  });

  it('masks secrets in values and in messages', async () => {
    const ask = { id: 'r1', expression: 'inputs' };
    assert.deepEqual(await evaluation({ ok: true, value: { token: 'Bearer hunter22' } })['run/evaluate'](ask), { value: { token: 'Bearer ***' } });
    const failed = await evaluation({ ok: false, error: { kind: 'type', message: "'hunter22' is not a number.", range: { start: 2, end: 5 } } })['run/evaluate'](ask);
    assert.deepEqual(failed, { error: { kind: 'type', message: "'***' is not a number.", start: 2, end: 5 } });
  });

  it('hands over the beginning of a value that is too large', async () => {
    const answer = await evaluation({ ok: true, value: 'x'.repeat(300_000) })['run/evaluate']({ id: 'r1', expression: 'inputs.text' });
    assert.deepEqual([answer.value, answer.size, answer.preview?.length, answer.preview?.slice(0, 3)], [undefined, 300_002, 4096, '"xx']);
  });

  it('knows no run that is not there', async () => {
    await assert.rejects(evaluation(undefined)['run/evaluate']({ id: 'r9', expression: '1' }), { code: 'not-found', message: 'There is no run r9.' });
  });
});
