import assert from 'node:assert/strict';
import { BodyProcess } from '../../../../daemon/actions/body-process.ts';
import { bodyMismatch } from '../../../../daemon/actions/expected-body.ts';
import { attemptVerdict } from '../../../../daemon/core/attempt-verdict.ts';
import type { Json, JsonObject } from '../../../../schemas/workflow/json.ts';
import { parseRetryPolicy } from '../../../../schemas/workflow/retry-policy.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

describe('expect-body of http/request', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());

  const fitting: readonly (readonly [JsonObject, Json])[] = [
    [{ ok: true }, { ok: true, ts: '1.2' }],
    [{ errors: null }, { data: {} }],
    [{ errors: null }, { errors: null }],
    [{ job: { state: 'done' } }, { job: { state: 'done', id: 7 } }],
    [{ list: [{ id: 1 }] }, { list: [{ id: 1, name: 'a' }] }],
    [{ list: [] }, { list: [] }],
  ];
  const others: readonly (readonly [JsonObject, Json, place: string, actual: string])[] = [
    [{ ok: true }, { ok: false }, 'ok', 'false'],
    [{ ok: true }, { ok: 'true' }, 'ok', '"true"'],
    [{ ok: true }, {}, 'ok', 'missing'],
    [{ ok: true }, 'ok', '', '"ok"'],
    [{ ok: true }, null, '', 'null'],
    [{ errors: null }, { errors: [] }, 'errors', '[]'],
    [{ job: { state: 'done' } }, { job: { state: 'queued' } }, 'job.state', '"queued"'],
    [{ job: { state: null } }, {}, 'job', 'missing'],
    [{ list: [{ id: 1 }] }, { list: [{ id: 1 }, { id: 2 }] }, 'list', '[{"id":1},{"id":2}]'],
    [{ constructor: null, toString: {} }, {}, 'toString', 'missing'],
  ];
  for (const [expected, body] of fitting) it(`${JSON.stringify(expected)} is met by ${JSON.stringify(body)}`, () => assert.equal(bodyMismatch(expected, body), undefined));
  for (const [expected, body, place, actual] of others) {
    it(`${JSON.stringify(expected)} is not met by ${JSON.stringify(body)}`, () => {
      const mismatch = bodyMismatch(expected, body);
      assert.deepEqual([mismatch?.place, mismatch?.actual], [place, actual]);
    });
  }

  it('fails a call that was answered 200, with what the answer says, and keeps the answer', async () => {
    const { url } = await bench.http(() => ({ headers: { 'content-type': 'application/json' }, body: '{"ok":false,"error":"channel_not_found"}' }));
    const { error, response } = failed(await bench.run('http/request', { url, method: 'POST', json: {}, 'expect-body': { ok: true } }));
    assert.deepEqual([error.kind, error.status, error.cause], ['status', 200, 'unexpected body']);
    assert.match(error.message, /^127\.0\.0\.1:\d+ answered 200, but `ok` of its body is false and not true\. It says: channel_not_found$/);
    assert.match(JSON.stringify(response), /channel_not_found/);
    const verdict = (retry: Json): string => {
      const policy = parseRetryPolicy(retry);
      return attemptVerdict({ error, tries: 1, throttles: 0, random: 0.5, policy: policy.ok ? policy.policy : assert.fail() }).kind;
    };
    assert.deepEqual([verdict({ delays: ['1s'] }), verdict({ delays: ['1s'], on: [200, '5xx'] })], ['dead', 'retry']);
  });

  it('passes an answer that fits, and judges a status that fails by itself', async () => {
    const { sink, url } = await bench.http(() => ({ headers: { 'content-type': 'application/json' }, body: '{"ok":true}' }));
    succeeded(await bench.run('http/request', { url, 'expect-body': { ok: true } }));
    sink.respond = () => ({ status: 500, headers: { 'content-type': 'application/json' }, body: '{"ok":false}' });
    assert.equal(failed(await bench.run('http/request', { url, 'expect-body': { ok: true } })).error.cause, '500 Internal Server Error');
  });

  it('looks into a large answer in the process that reads it', async () => {
    const bodies = new BodyProcess();
    const body = JSON.stringify({ ok: false, error: 'too_long', filling: 'x'.repeat(400_000) });
    const { url } = await bench.http(() => ({ headers: { 'content-type': 'application/json' }, body }));
    const run = async (expected: JsonObject): ReturnType<ActionBench['run']> =>
      bench.run('http/request', { url, 'expect-body': expected }, { encodeLargeBody: (output, large) => bodies.encode(JSON.stringify(output), large, []) });
    try {
      assert.match(failed(await run({ ok: true })).error.message, /`ok` of its body is false and not true\. It says: too_long/);
      assert.equal((JSON.parse(new TextDecoder().decode(succeeded(await run({ ok: false })).encodedOutput)) as JsonObject)['status'], 200);
    } finally {
      bodies.stop();
    }
  });
});
