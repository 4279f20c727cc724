import assert from 'node:assert/strict';
import { responseRecord } from '../../../../daemon/actions/http-record.ts';
import { Masker } from '../../../../daemon/secrets/masker.ts';

describe('the record of an answer that echoes a secret across the place where it is cut', () => {
  const secret = 'k7Qp2XvT9sLmN4bRwE8yZc1JhG6dFa0u';
  const masker = new Masker([secret]);

  // From so early that a character is left out, to so late that one is left.
  for (const kept of [31, 16, 4]) {
    it(`keeps none of its ${kept} characters before the cut, of a body or a header`, () => {
      const across = (length: number): string => `${'-'.repeat(length - kept)}${secret} and more`;
      const answer = { kind: 'answer', status: 500, headers: { 'x-echo': across(512) }, body: Buffer.from(across(4096)), truncated: false } as const;
      const record = JSON.stringify(masker.cutJson(responseRecord(answer, across(4096))));
      assert.ok(record.includes('***'));
      assert.equal(record.includes(secret.slice(0, 4)), false, record);
    });
  }
});
