import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import { readWebhookSecrets, signWebhook } from '../../../../daemon/actions/webhook-send.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { actionContext, failed, succeeded } from '../../../support/action-context.ts';
import type { SinkRequest } from '../../../support/http-sink.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** A receiver's side of the specification, written apart from the code under test. */
function verified(request: SinkRequest | undefined, secretText: string, nowMs: number): unknown {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = request?.headers ?? {};
  assert.ok(typeof id === 'string' && typeof timestamp === 'string' && typeof signatures === 'string');
  assert.ok(Math.abs(Number(timestamp) - nowMs / 1000) < 300, 'timestamp out of tolerance');
  const expected = createHmac('sha256', Buffer.from(secretText.replace('whsec_', ''), 'base64')).update(`${id}.${timestamp}.${request?.body}`).digest();
  const matches = signatures.split(' ').some((entry) => {
    const [version, value = ''] = entry.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  assert.ok(matches, 'no signature matches');
  return JSON.parse(request?.body ?? '');
}

describe('signWebhook', () => {
  it("gives the signature of the specification's example", () => {
    const keys = readWebhookSecrets(secret);
    assert.ok(keys);
    assert.equal(
      signWebhook(keys, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'),
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('reads secrets of 24 to 64 bytes only', () => {
    const ofBytes = (count: number): string => `whsec_${Buffer.alloc(count, 7).toString('base64')}`;
    for (const bad of [ofBytes(23), ofBytes(65), 'whsec_', '', 'whsec_not base64!', `${secret} x`]) assert.equal(readWebhookSecrets(bad), undefined, bad);
    for (const good of [ofBytes(24), ofBytes(64), secret.slice(6), ` ${secret}  ${ofBytes(32)} `]) assert.ok(readWebhookSecrets(good), good);
  });
});

describe('webhook/send', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (input: JsonObject, context?: Partial<ActionContext>): Promise<ActionResult> => bench.run('webhook/send', input, context);

  it('posts the body as it is, signed, with the key as its id', async () => {
    const { sink, url } = await bench.http(() => ({ status: 202, headers: { 'content-type': 'application/json' }, body: '{"queued":true}' }));
    const { output } = succeeded(await run({ url: `${url}/hook`, body: { id: 7, name: 'Zoë' }, secret }));
    assert.deepEqual(output, { status: 202, body: { queued: true } });
    const [request] = sink.requests;
    assert.deepEqual([request?.method, request?.path, request?.headers['content-type']], ['POST', '/hook', 'application/json']);
    assert.equal(request?.headers['webhook-id'], 'key_1');
    assert.deepEqual(verified(request, secret, actionContext().now), { id: 7, name: 'Zoë' });
  });

  it('wraps the body of an event with a type', async () => {
    const { sink, url } = await bench.http();
    succeeded(await run({ url, body: { id: 7 }, type: 'deal.closed', secret }));
    assert.deepEqual(verified(sink.requests[0], secret, actionContext().now), { type: 'deal.closed', timestamp: '2026-01-02T03:04:05.000Z', data: { id: 7 } });
  });

  it('sends the same id and body in each attempt, with the time of the attempt', async () => {
    const { sink, url } = await bench.http();
    const later = actionContext().now + 3_600_000;
    succeeded(await run({ url, body: {}, type: 'a', secret }));
    succeeded(await run({ url, body: {}, type: 'a', secret }, { now: later }));
    const [first, second] = sink.requests;
    assert.deepEqual([second?.headers['webhook-id'], second?.body], [first?.headers['webhook-id'], first?.body]);
    assert.equal(Number(second?.headers['webhook-timestamp']) - Number(first?.headers['webhook-timestamp']), 3600);
    verified(second, secret, later);
  });

  it('signs with each of several secrets', async () => {
    const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const { sink, url } = await bench.http();
    succeeded(await run({ url, body: {}, secret: `${secret} ${other}` }));
    verified(sink.requests[0], secret, actionContext().now);
    verified(sink.requests[0], other, actionContext().now);
  });

  it("isn't signed without a secret, and its own headers can't be replaced", async () => {
    const { sink, url } = await bench.http();
    succeeded(await run({ url, body: null, headers: { 'Webhook-Id': 'x', 'WEBHOOK-SIGNATURE': 'x', 'Content-Type': 'x', 'X-Own': 'y' } }));
    const headers = sink.requests[0]?.headers ?? {};
    assert.deepEqual([headers['webhook-id'], headers['webhook-signature'], headers['content-type'], headers['x-own']], ['key_1', undefined, 'application/json', 'y']);
    assert.equal(sink.requests[0]?.body, 'null');
  });

  it("refuses a secret that isn't one, without showing it", async () => {
    const { error } = failed(await run({ url: 'http://127.0.0.1/', body: {}, secret: 'hunter2' }));
    assert.deepEqual([error.kind, error.cause], ['invalid', 'invalid webhook secret']);
    assert.doesNotMatch(error.message, /hunter2/);
  });

  it('follows no redirect', async () => {
    const { sink, url } = await bench.http(() => ({ status: 307, headers: { location: '/to' } }));
    const { error } = failed(await run({ url, body: {} }));
    assert.deepEqual([error.kind, error.status, error.cause], ['status', 307, '307 redirect']);
    assert.equal(sink.requests.length, 1);
  });

  it('gives 410 a cause of its own, and slows down where it is told to', async () => {
    const { url } = await bench.http(({ path }) => (path === '/gone' ? { status: 410 } : { status: 429, headers: { 'retry-after': '3' } }));
    const gone = failed(await run({ url: `${url}/gone`, body: {} }));
    assert.deepEqual([gone.error.kind, gone.error.status, gone.error.cause], ['status', 410, '410 webhook gone']);
    const slow = failed(await run({ url, body: {} }));
    assert.deepEqual([slow.throttled, slow.retryAfterMs], [true, 3000]);
  });

  it('takes an event for delivered, however long the answer', async () => {
    const { url } = await bench.http(() => ({ body: 'x'.repeat(1_000_000) }));
    assert.deepEqual(succeeded(await run({ url, body: {} })).output, { status: 200, body: null });
  });

  it('closes its socket when it is aborted', async () => {
    const { sink, url } = await bench.http(() => 'hang');
    const controller = new AbortController();
    const running = run({ url, body: {} }, { signal: controller.signal });
    await sink.received(1);
    controller.abort();
    assert.equal(failed(await running).error.kind, 'cancelled');
    await sink.disconnected(1);
  });
});
