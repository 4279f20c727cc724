import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeLeftovers } from '../../../../daemon/state/state-file.ts';

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

  it('are removed where a start was waited for by nobody, and kept while somebody may look at them', async () => {
    const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
    const logs = { 'daemon-start.log': 60, [`daemon-start-${randomUUID()}.log`]: 9, [`daemon-start-${randomUUID()}.log`]: 11, 'daemon.log': 60 };
    const [, , abandoned = ''] = Object.keys(logs);
    for (const [name, minutes] of Object.entries(logs)) {
      writeFileSync(path.join(folder, name), 'sluice: ...\n');
      utimesSync(path.join(folder, name), minutesAgo(minutes), minutesAgo(minutes));
    }
    await removeLeftovers(folder);
    assert.deepEqual(readdirSync(folder).toSorted(), Object.keys(logs).filter((name) => name !== abandoned).toSorted());
  });

  it('need not be there', async () => {
    await removeLeftovers(path.join(folder, 'nowhere'));
  });
});
