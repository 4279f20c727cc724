import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeLeftovers } from '../../../daemon/state-file.ts';

describe('files of .sluice/state/', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-leftovers-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are removed where a process has died before they were whole, and left where it lives', async () => {
    const { pid: deadPid } = spawnSync(process.execPath, ['--version']);
    const hex = '0123456789ab';
    const kept = ['daemon.json', 'store.db', 'daemon.json.backup', `daemon.json.${deadPid}.short`, `daemon.json.${process.pid}.${hex}`];
    const left = [`daemon.json.${deadPid}.${hex}`, `last-stop.json.${deadPid}.${hex}`];
    for (const name of [...kept, ...left]) writeFileSync(path.join(folder, name), '{"pid":');
    await removeLeftovers(folder);
    assert.deepEqual(readdirSync(folder).toSorted(), kept.toSorted());
  });

  it('need not be there', async () => {
    await removeLeftovers(path.join(folder, 'nowhere'));
  });
});
