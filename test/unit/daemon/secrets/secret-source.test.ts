import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mask } from '../../../../daemon/core/mask.ts';
import { secretFilePath, SecretSource } from '../../../../daemon/secrets/secret-source.ts';

describe('SecretSource', () => {
  let project = '';
  let file = '';

  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-'));
    file = join(project, secretFilePath);
    await mkdir(dirname(file), { recursive: true });
  });
  afterEach(() => rm(project, { recursive: true }));

  /** As an editor saves: a new file takes the old one's place. */
  async function save(text: string, mode = 0o600): Promise<void> {
    await writeFile(`${file}.new`, text, { mode });
    await chmod(`${file}.new`, mode);
    await rename(`${file}.new`, file);
  }

  function source(env: NodeJS.ProcessEnv = {}): SecretSource {
    return new SecretSource({ projectFolder: project, env });
  }

  it('reads variables and the file, and prefers variables', async () => {
    await save('# keys\nA=from-file\nB="from file # 2"\nexport C=third\nEMPTY=\n');
    const secrets = source({ SLUICE_SECRET_A: 'from-variable', SLUICE_SECRET_D: 'd', SLUICE_SECRET_E: '', A: 'no', HOME: '/root' });
    assert.deepEqual(secrets.get('A'), { ok: true, value: 'from-variable' });
    assert.deepEqual(secrets.get('B'), { ok: true, value: 'from file # 2' });
    assert.deepEqual(secrets.get('C'), { ok: true, value: 'third' });
    assert.deepEqual(secrets.names(), ['A', 'B', 'C', 'D']);
    for (const missing of ['EMPTY', 'E', 'HOME', 'toString', '__proto__']) assert.equal(secrets.get(missing).ok, false, missing);
  });

  it('says how to add a secret that is missing', () => {
    const missing = source().get('CRM_HOOK');
    assert.match(missing.ok ? '' : missing.message, /SLUICE_SECRET_CRM_HOOK.*CRM_HOOK=.*secrets\.env/);
    assert.equal(source().problem(), undefined);
  });

  it('reads the file again when it changes, comes or goes', async () => {
    const secrets = source();
    assert.equal(secrets.get('A').ok, false);
    await save('A=one-value');
    assert.deepEqual(secrets.get('A'), { ok: true, value: 'one-value' });
    await save('A=two-value');
    assert.deepEqual(secrets.get('A'), { ok: true, value: 'two-value' });
    await rm(file);
    assert.equal(secrets.get('A').ok, false);
  });

  it('refuses a file that others can read, until they cannot', async function () {
    if (process.platform === 'win32') return this.skip();
    for (const mode of [0o644, 0o640, 0o604, 0o622]) {
      await save('A=secret-value', mode);
      const secrets = source({ SLUICE_SECRET_B: 'b' });
      const refused = secrets.get('A');
      assert.match(refused.ok ? '' : refused.message, /can be read by others \(mode 06..\).*chmod 600/);
      assert.match(secrets.problem() ?? '', /chmod 600/);
      assert.deepEqual(secrets.get('B'), { ok: true, value: 'b' });
      assert.deepEqual(secrets.names(), ['B']);
      await chmod(file, 0o600);
      assert.deepEqual(secrets.get('A'), { ok: true, value: 'secret-value' });
    }
  });

  it('says what is wrong with a file that is none', async () => {
    await mkdir(file);
    assert.match(source().problem() ?? '', /not a file/);
  });

  it("refuses a pipe without waiting for its writer, and a file that can't be one of secrets", async function () {
    if (process.platform === 'win32') return this.skip();
    execFileSync('mkfifo', ['-m', '600', file]);
    assert.match(source().problem() ?? '', /not a file/);
    await rm(file);
    await save(`A=${'x'.repeat(1_048_576)}`);
    assert.match(source().problem() ?? '', /larger than/);
  });

  it('takes values from clients, for the file or for memory alone', async () => {
    await save('# keys\nA=from-file\n');
    const secrets = source({ SLUICE_SECRET_V: 'variable-value' });
    secrets.hold('A', 'held-value');
    secrets.keep('B', 'kept "value"');
    assert.deepEqual(secrets.get('A'), { ok: true, value: 'held-value' });
    assert.deepEqual(secrets.list(), [{ name: 'A', from: 'memory' }, { name: 'B', from: 'file' }, { name: 'V', from: 'environment' }]);
    const text = await readFile(file, 'utf8');
    assert.equal(text, "# keys\nA=from-file\nB='kept \"value\"'\n");
    assert.deepEqual(await readdir(dirname(file)), ['secrets.env'], 'nothing else is left behind');
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(secrets.masker().text('held-value, kept "value", from-file'), `${mask}, ${mask}, ${mask}`);
    assert.deepEqual(source().get('A'), { ok: true, value: 'from-file' }, 'what is held is gone with the daemon');

    secrets.delete('A');
    assert.equal(secrets.get('A').ok, false, 'wherever it was');
    assert.equal(await readFile(file, 'utf8'), text.replace('A=from-file\n', ''));
    assert.equal(secrets.masker().text('held-value'), mask, 'it may be in records that are shown today');
    assert.throws(() => secrets.delete('A'), { code: 'not-found' });
    for (const change of [() => secrets.hold('V', 'x'), () => secrets.keep('V', 'x'), () => secrets.delete('V')]) assert.throws(change, { code: 'wrong-state', message: /SLUICE_SECRET_V/ });
  });

  it('makes the file if there is none, and leaves alone one that it can not use', async function () {
    await rm(dirname(file), { recursive: true });
    const secrets = source();
    secrets.keep('A', 'first-value');
    assert.deepEqual(source().get('A'), { ok: true, value: 'first-value' });
    assert.throws(() => secrets.keep('B', 'all \' " `'), { code: 'invalid-params', message: /by hand/ });
    assert.throws(() => secrets.keep('B', 'x'.repeat(1_048_576)), { code: 'too-large' });
    if (process.platform === 'win32') return this.skip();
    await chmod(file, 0o644);
    assert.throws(() => secrets.keep('B', 'second'), { code: 'wrong-state', message: /chmod 600/ });
    assert.equal(await readFile(file, 'utf8'), "A='first-value'\n");
  });

  it('masks what it holds and what it held', async () => {
    await save('A=first-value');
    const secrets = source({ SLUICE_SECRET_B: 'variable-value' });
    const before = secrets.masker();
    assert.equal(secrets.masker(), before);
    assert.equal(before.text('first-value variable-value'), `${mask} ${mask}`);
    await save('A=second-value');
    assert.equal(secrets.maskerOfKnown().text('first-value second-value'), `${mask} second-value`, 'nobody has been given it');
    assert.deepEqual(secrets.get('A'), { ok: true, value: 'second-value' });
    assert.equal(secrets.maskerOfKnown().text('first-value second-value'), `${mask} ${mask}`);
    await save('A=third-value');
    assert.equal(secrets.masker().text('first-value second-value third-value'), `${mask} ${mask} ${mask}`);
  });
});
