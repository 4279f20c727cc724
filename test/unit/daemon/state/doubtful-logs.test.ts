import assert from 'node:assert/strict';
import { wasOverwritten } from '../../../../daemon/state/doubtful-logs.ts';

describe('a store beside its log', () => {
  const at = (minutes: number): { readonly ctimeMs: bigint } => ({ ctimeMs: BigInt(Date.UTC(2026, 0, 5, 9) + minutes * 60_000) });

  it('was replaced where it changed long after the log was last written: a copy over the file keeps its inode', () => {
    assert.equal(wasOverwritten(at(5), at(0)), true);
  });

  it('was not where both changed within a moment, or the log later', () => {
    assert.equal(wasOverwritten(at(0.5), at(0)), false);
    assert.equal(wasOverwritten(at(0), at(5)), false);
  });
});
