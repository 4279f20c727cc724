import assert from 'node:assert/strict';
import { failureGroup } from '../../../../daemon/core/failure-group.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';

const unprocessable = { kind: 'status', cause: '422 Unprocessable Entity', message: 'erp.example answered 422 Unprocessable Entity.' };
const prefix = 'http/request: 422 Unprocessable Entity';

function says(body: Json): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return failureGroup({ uses: 'http/request', error: unprocessable, response: { status: 422, body: text } }).slice(prefix.length + 2);
}

describe('the group of a failure', () => {
  const table: readonly (readonly [what: string, bodies: readonly Json[], group: string])[] = [
    ['numbers', ['order 123 not found', 'order 4,567 not found', 'order -1.5 not found'], 'order <number> not found'],
    ['ids', ['no customer cus_9s6XKzkN', 'no customer cus_12ab', 'no customer 9f86d081-884c-4d65-9a2f-eaa0c55ad015'], 'no customer <id>'],
    ['addresses', ['ada@example.com is unknown', 'bob+x@mail.example is unknown'], '<email> is unknown'],
    ['URLs', ['see https://a.example/x?y=1 for help', 'see http://b.example/ for help'], 'see <url> for help'],
    ['times', ['due 2026-11-24T09:30:00Z is past', 'due 2026-11-25 is past', 'due 24 Nov 2026 is past'], 'due <time> is past'],
    ['hosts', ['blocked 10.0.0.1', 'blocked 192.168.7.44:25'], 'blocked <address>'],
    ['quoted values', ['"Ada Lovelace" was not found', "'Bob' was not found"], '"…" was not found'],
    ['codes and messages', [{ code: 'E_STOCK', message: 'sku 17 is sold out' }, { code: 'E_STOCK', message: 'sku 4711 is sold out' }], 'E_STOCK sku <number> is sold out'],
    ['an error within', [{ error: { type: 'card_error', message: 'Card 4242 declined' } }, { error: { type: 'card_error', message: 'Card 1111 declined' } }], 'card_error Card <number> declined'],
    ['an OAuth error', [{ error: 'invalid_grant', error_description: 'Token 8a9b7c is expired' }, { error: 'invalid_grant', error_description: 'Token 1b2c3d is expired' }], 'Token <id> is expired'],
    ['problem details', [{ type: 'about:blank', title: 'Unprocessable', detail: 'Balance is 30, but that costs 50.', instance: '/a/1' }, { title: 'Unprocessable', detail: 'Balance is 2, but that costs 7.' }], 'Balance is <number>, but that costs <number>'],
    ['errors by field', [{ errors: { email: ['is invalid'] } }, { errors: { email: ['is invalid'] }, request_id: 'a1' }], 'email: is invalid'],
    ['lists of errors in any order', [{ errors: [{ field: 'b', message: 'too long' }, { field: 'a', message: 'missing' }] }, { errors: [{ field: 'a', message: 'missing' }, { field: 'b', message: 'too long' }] }], 'a: missing; b: too long'],
    ['paths of errors', [{ detail: [{ loc: ['body', 'items', 3, 'sku'], msg: 'field required', type: 'missing' }] }, { detail: [{ loc: ['body', 'items', 17, 'sku'], msg: 'field required', type: 'missing' }] }], 'body.items.sku: missing field required'],
    ['pages', ['<html><head><title>502 Bad Gateway</title></head><body>a</body></html>', '<!doctype html><html><head><title>502 Bad Gateway</title></head><body>b</body></html>'], '<number> Bad Gateway'],
    ['bodies that were cut', ['{"message":"order 12 is closed","trace":["a', '{"message":"order 13 is closed","trace":["bcd'], 'order <number> is closed'],
  ];
  for (const [what, bodies, group] of table) {
    it(`is the same over ${what}`, () => {
      assert.deepEqual(bodies.map(says), bodies.map(() => group));
    });
  }

  const apart: readonly (readonly [what: string, bodies: readonly Json[]])[] = [
    ['fields', ['field email is invalid', 'field phone is invalid', 'field "email" is missing', 'field "phone" is missing', '"email" is required', '"phone" is required']],
    ['fields of a list', [{ errors: { email: ['is invalid'] } }, { errors: { phone: ['is invalid'] } }, { errors: [{ path: '/email', message: 'is invalid' }, { path: '/phone', message: 'is invalid' }] }]],
    ['codes', [{ code: 1001, message: 'refused' }, { code: 1002, message: 'refused' }, { code: 'A', message: 'refused' }]],
    ['messages', ['order 1 not found', 'order 1 is closed']],
    ['technical words', ['needs sha256', 'needs md5', 'needs ipv4', 'needs ipv6']],
  ];
  for (const [what, bodies] of apart) {
    it(`tells apart ${what}`, () => {
      assert.equal(new Set(bodies.map(says)).size, bodies.length, bodies.map(says).join(' | '));
    });
  }

  it('has the action and the cause, and nothing more where the answer says nothing', () => {
    assert.equal(failureGroup({ uses: 'webhook/send', error: unprocessable }), 'webhook/send: 422 Unprocessable Entity');
    assert.equal(failureGroup({ uses: 'http/request', error: unprocessable, response: { status: 422 } }), prefix);
    assert.equal(failureGroup({ uses: 'http/request', error: { kind: 'network', cause: 'ECONNREFUSED', message: '10.0.0.1:443 refused' } }), 'http/request: ECONNREFUSED');
    assert.equal(says({ id: 7, status: 422, items: [1, 2] }), '');
  });

  it('has the words of a mail server without its codes, and what is wrong with a payload', () => {
    const smtp = { kind: 'status', cause: 'SMTP 550 5.1.1', message: 'mx.example:25 answered 550 5.1.1 <a@example.com> unknown' };
    assert.equal(failureGroup({ uses: 'email/send', error: smtp, response: { reply: '550-5.1.1 <a@example.com>\r\n550 5.1.1 unknown' } }), 'email/send: SMTP 550 5.1.1: <<email>> unknown');
    const invalid = { kind: 'invalid', cause: 'expression failed', message: 'There is no field "phone" in item 17.' };
    assert.equal(failureGroup({ uses: 'http/request', error: invalid }), 'http/request: expression failed: There is no field phone in item <number>');
  });

  it('is one bounded line, whatever the body is', () => {
    for (const body of ['x '.repeat(5000), '\n\n\n', '[[[[[[[["deep"]]]]]]]]', '{"error":'.repeat(400), `"${'a'.repeat(4000)}`, '<'.repeat(4000), "'".repeat(4000), '1.'.repeat(2000), 'a@'.repeat(2000), `${'a-1'.repeat(1300)}!`]) {
      const group = says(body);
      assert.ok(group.length <= 240 && !/\n/.test(group), `${group.length}`);
    }
  });
});
