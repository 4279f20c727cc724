import assert from 'node:assert/strict';
import { chmodSync, chownSync } from 'node:fs';
import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FaultProject } from './fault-project.ts';
import { seededRandom } from './seeded-random.ts';

/** A user that the tests may become when they run as root, for whom permissions mean nothing. */
const nobody = 65_534;

describe('a daemon that cannot start', () => {
  let project: FaultProject;
  beforeEach(async () => {
    project = await FaultProject.make({ 'workflows/empty.yaml': 'steps: { one: { uses: http/request, with: { url: "http://127.0.0.1:9/" } } }\n' });
  });
  afterEach(() => project.dispose());

  /** A store that has been used. */
  const makeStore = async (): Promise<void> => {
    const daemon = await project.start();
    await daemon.client.call('run/start', { workflow: 'empty', inputs: {} });
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  };

  /** It ends by itself, with these words for the person who started it. */
  const assertRefuses = async (words: RegExp, launcher: readonly string[] = []): Promise<void> => {
    const daemon = project.launch({ launcher });
    assert.deepEqual(await daemon.end(), { code: 1, signal: null });
    assert.match(daemon.words, words);
    assert.equal(daemon.words.trim().split('\n').length, 1, `one line, no stack:\n${daemon.words}`);
    await assert.rejects(stat(path.join(project.stateFolder, 'daemon.json')), 'it left a daemon.json');
  };

  /** What was there is there afterwards, byte for byte. */
  const assertLeavesAlone = async (words: RegExp): Promise<void> => {
    const before = await readFile(project.storeFile);
    await assertRefuses(words);
    assert.ok(before.equals(await readFile(project.storeFile)), 'the store was changed');
  };

  it('says what to do where the store is not a database', async () => {
    await makeStore();
    const random = seededRandom(1);
    await project.write('state/store.db', Buffer.from(Array.from({ length: 20_000 }, () => random() * 256)));
    await assertLeavesAlone(/The store is not a database.*store\.db was left as it is\. `sluice state salvage` saves what can be read of it\. Or put a backup in its place and run `sluice state adopt --without-logs`/);
  });

  it('says what to do where the store is cut off', async () => {
    await makeStore();
    await truncate(project.storeFile, 20_000);
    await assertLeavesAlone(/The store is damaged.*store\.db was left as it is\. `sluice state salvage` saves what can be read of it\. Or put a backup in its place and run `sluice state adopt --without-logs`/);
  });

  for (const [name, harm] of Object.entries({ missing: (file: string) => rm(file), empty: (file: string) => truncate(file, 0) })) {
    it(`starts no empty store where the store is ${name}, and names what lies beside it`, async () => {
      await makeStore();
      await project.write('state/store.db.v4.bak', 'a backup');
      await harm(project.storeFile);
      await assertRefuses(new RegExp(`store\\.db is ${name}, though a store has been here.*is store\\.db\\.v4\\.bak\\..*A backup.*put it into.*sluice state adopt --without-logs`));
    });
  }

  it('refuses the store of a newer version', async () => {
    await makeStore();
    const db = new DatabaseSync(project.storeFile);
    db.exec('PRAGMA user_version = 99');
    db.close();
    await assertLeavesAlone(/store\.db has version 99, and this Sluice knows versions up to \d+: use the newer Sluice/);
  });

  it('says so where its folder is none', async () => {
    await writeFile(project.stateFolder, 'something else');
    const daemon = project.launch();
    assert.deepEqual(await daemon.end(), { code: 5, signal: null });
    assert.match(daemon.words, /\.sluice\/state is not a folder: move what is there away/);
    assert.equal(await readFile(project.stateFolder, 'utf8'), 'something else');
  });

  it('says so where its folder cannot be written', async function () {
    if (process.platform === 'win32') this.skip();
    await mkdir(project.stateFolder);
    const launcher = process.getuid?.() === 0 ? ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups'] : [];
    if (launcher.length > 0) for (const folder of [project.folder, project.stateFolder]) chownSync(folder, nobody, nobody);
    chmodSync(project.stateFolder, 0o500);
    await assertRefuses(/\.sluice\/state can't be written: EACCES/, launcher);
    chmodSync(project.stateFolder, 0o700);
  });

  it('says so where its lock is something else', async () => {
    await project.write('state/daemon.lock', 'x'.repeat(3000));
    await assertRefuses(/daemon\.lock can't be locked \(file is not a database\); it has to be an empty file, so delete it/);
  });
});

describe('what a daemon finds at its start', () => {
  let project: FaultProject;
  beforeEach(async () => {
    project = await FaultProject.make({});
  });
  afterEach(() => project.dispose());

  it('may be a half-written daemon.json: it is replaced', async () => {
    await project.write('state/daemon.json', '{"pid":12');
    const daemon = await project.start();
    const { pid } = await daemon.client.call('daemon/status', {});
    assert.equal(pid, daemon.pid);
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  });

  it('may be the lock, the log and the daemon.json of one that was killed', async () => {
    const killed = await project.start();
    await killed.kill();
    const daemon = await project.start();
    const { pid } = await daemon.client.call('daemon/status', {});
    assert.equal(pid, daemon.pid);
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
    await assert.rejects(stat(path.join(project.stateFolder, 'daemon.json')));
  });

  it('may be nothing: all of its state was deleted while it stood still', async () => {
    const first = await project.start();
    await first.stop();
    await rm(project.stateFolder, { recursive: true });
    const daemon = await project.start();
    assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
  });
});
