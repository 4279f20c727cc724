import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileIdentity, hasBirthTimes, isSameFile } from '../../../../daemon/state/doubtful-logs.ts';

interface Times {
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
  readonly ctimeNs: bigint;
}

const identityOf = (stats: Times): string => fileIdentity(stats, hasBirthTimes(stats));

describe('what tells a file from another one', () => {
  it('is the same over changes where the system gives the time of the last change, or none, as that of birth', () => {
    const before = identityOf({ ino: 7n, birthtimeNs: 1000n, ctimeNs: 1000n });
    assert.ok(isSameFile(before, identityOf({ ino: 7n, birthtimeNs: 2000n, ctimeNs: 2000n })), 'no statx');
    assert.ok(isSameFile(before, identityOf({ ino: 7n, birthtimeNs: 0n, ctimeNs: 2000n })), 'no time of birth');
    assert.ok(!isSameFile(before, identityOf({ ino: 8n, birthtimeNs: 2000n, ctimeNs: 2000n })), 'another inode');
  });

  it('is the time of birth as well where there is one: a number that is used again is another file', () => {
    const before = identityOf({ ino: 7n, birthtimeNs: 1000n, ctimeNs: 1500n });
    assert.ok(isSameFile(before, identityOf({ ino: 7n, birthtimeNs: 1000n, ctimeNs: 9000n })));
    assert.ok(!isSameFile(before, identityOf({ ino: 7n, birthtimeNs: 3000n, ctimeNs: 9000n })));
  });

  it('stays that of a folder that was looked at before anything was put into it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sluice-identity-'));
    try {
      const state = path.join(folder, 'state');
      mkdirSync(state);
      const before = identityOf(statSync(state, { bigint: true }));
      writeFileSync(path.join(state, 'store.db'), '');
      assert.ok(isSameFile(before, identityOf(statSync(state, { bigint: true }))));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
