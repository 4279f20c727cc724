import assert from 'node:assert/strict';
import { attemptError } from '../../../../daemon/actions/action.ts';

describe('attemptError', () => {
  it('keeps the cause to one line, and both texts within their bounds', () => {
    assert.equal(attemptError('status', 'one\r\n  two', '').cause, 'one two');
    assert.equal(attemptError('status', 'c'.repeat(5_000), '').cause, 'c'.repeat(100));
    assert.equal(attemptError('status', '', 'm'.repeat(5_000)).message, 'm'.repeat(1_000));
  });
});
