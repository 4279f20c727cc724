import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { renderStateReport } from '../../../../daemon/cli/render/status.ts';
import { reportState } from '../../../../daemon/cli/state-report.ts';
import { pipe } from './protocol-samples.ts';

describe('what is said of the jobs in a state folder', () => {
  let project: string;
  let file: string;
  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'sluice-state-'));
    const state = path.join(project, '.sluice', 'state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    file = path.join(state, 'store.db');
  });
  afterEach(() => {
    rmSync(project, { recursive: true, force: true });
  });

  const said = (): string => renderStateReport(reportState(project), pipe).replaceAll(/\s+/g, ' ');

  it('is not that its store can not be read where everything is in its log still', () => {
    const db = new DatabaseSync(file);
    try {
      db.exec("PRAGMA journal_mode = WAL; CREATE TABLE jobs (state TEXT); INSERT INTO jobs VALUES ('pending')");
      assert.match(said(), /What waits can't be counted: store\.db-wal holds it, .*`sluice status` counts it\./);
    } finally {
      db.close();
    }
    assert.match(said(), /1 job waits in it/);
  });

  it('is where they are now, of a store whose jobs were copied elsewhere', () => {
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE jobs (state TEXT); INSERT INTO jobs VALUES ('pending'); CREATE TABLE meta (key TEXT PRIMARY KEY, value)");
    db.prepare("INSERT INTO meta VALUES ('copy', ?)").run(JSON.stringify({ kind: 'moved', id: 'x', other: 'Postgres on db.example.com:5432/jobs, schema shop', at: 0 }));
    db.close();
    assert.match(said(), /Its jobs were moved to Postgres on db\.example\.com:5432\/jobs, schema shop by `sluice store copy`, so it is no longer used\./);
    assert.doesNotMatch(said(), /job waits/);
  });

  it('is that its store can not be read where it is none', () => {
    writeFileSync(file, 'x'.repeat(5000));
    assert.match(said(), /Its store\.db can't be read as a store\./);
  });
});
