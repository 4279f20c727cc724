import assert from 'node:assert/strict';
import { attemptError } from '../../../../daemon/actions/action.ts';
import { message, verbatim } from '../../../../schemas/wording/message.ts';

describe('attemptError', () => {
  it('keeps the cause to one line, and both texts within their bounds', () => {
    assert.equal(attemptError('status', 'one\r\n  two', verbatim('')).cause, 'one two');
    assert.equal(attemptError('status', 'c'.repeat(5_000), verbatim('')).cause, 'c'.repeat(100));
    assert.deepEqual(attemptError('status', '', verbatim('m'.repeat(5_000))), { kind: 'status', cause: '', message: 'm'.repeat(1_000) });
  });

  it('is told in English, with its wording for others', () => {
    const wording = message('{host} answered {status}.', { host: 'erp', status: '503' });
    assert.deepEqual(attemptError('status', '503', wording), { kind: 'status', cause: '503', message: 'erp answered 503.', wording });
  });
});
