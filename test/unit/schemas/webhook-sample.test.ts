import assert from 'node:assert/strict';
import { english } from '../../../schemas/wording/language.ts';
import { readSample, writeSample } from '../../../schemas/workflow/triggers/webhook-sample.ts';

describe('samples of webhooks', () => {
  const read = (text: string): unknown => {
    const found = readSample(text);
    return found.ok ? found.sample : english.textOf(found.problem);
  };

  it('are the body as it is written, or a map of nothing but the body and headers', () => {
    assert.deepEqual(read('{ "a": 1.0 }'), { payload: '{ "a": 1.0 }', headers: {} });
    assert.deepEqual(read('{"body":{"a":1},"headers":{"X-Kind":"deal"}}'), { payload: '{"a":1}', headers: { 'x-kind': 'deal' } });
    assert.deepEqual(read('{"body":"Hello","headers":{"content-type":"text/plain"}}'), { payload: 'Hello', headers: { 'content-type': 'text/plain' } });
    assert.deepEqual(read('{"body":{"a":1},"id":7}'), { payload: '{"body":{"a":1},"id":7}', headers: {} });
    assert.deepEqual(read('[1]'), { payload: '[1]', headers: {} });
  });

  it('of a form are written as forms are', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.deepEqual(read(JSON.stringify({ headers, body: { a: '1 & 2', b: ['x', 'y'], n: 3 } })), { payload: 'a=1+%26+2&b=x&b=y&n=3', headers });
  });

  it('that can not be read say why', () => {
    assert.match(String(read('{"a":')), /JSON/);
    assert.match(String(read('{"id":9007199254740993}')), /9007199254740993/);
    assert.equal(read('{"body":1,"headers":{"x-a":1}}'), 'the header x-a is not a text');
    assert.equal(read('{"body":1,"headers":[]}'), "'headers' is a map of names and texts");
  });

  it('of what was received have nothing that would be wrong the next time: no proof, no id, nothing of the way', () => {
    const headers = {
      host: '127.0.0.1:4681', connection: 'keep-alive', 'content-length': '7', 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': 'g1', 'x-hub-signature-256': '***',
      authorization: '***', 'x-forwarded-for': '10.0.0.1', 'x-note': 'of *** only', 'stripe-signature': 't=1,v1=00', 'webhook-timestamp': '1',
    };
    const text = writeSample({ headers, body: { a: 1 } });
    assert.deepEqual(JSON.parse(text), { headers: { 'content-type': 'application/json', 'x-github-event': 'push' }, body: { a: 1 } });
    assert.deepEqual(read(text), { payload: '{"a":1}', headers: { 'content-type': 'application/json', 'x-github-event': 'push' } });
  });
});
