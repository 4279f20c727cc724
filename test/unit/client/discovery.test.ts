import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { discoveryPath, readDiscovery } from '../../../client/discovery.ts';
import { newToken, removeDiscovery, writeDiscovery } from '../../../daemon/state/discovery-file.ts';
import type { DiscoveryProblem } from '../../../schemas/protocol/discovery.ts';

const posix = process.platform !== 'win32';

describe('daemon.json', () => {
  let project: string;
  let state: string;
  const token = newToken();
  const discovery = { pid: process.pid, port: 4711, token, version: '1.2.3' };

  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'sluice-discovery-'));
    state = path.join(project, '.sluice', 'state');
  });
  afterEach(() => {
    rmSync(project, { recursive: true, force: true });
  });

  async function refusal(): Promise<DiscoveryProblem> {
    const read = await readDiscovery(project);
    return read.kind === 'refused' ? read.problem : assert.fail(`it is ${read.kind}`);
  }

  it('is read as it was written', async () => {
    assert.deepEqual(await readDiscovery(project), { kind: 'missing' });
    await writeDiscovery(project, discovery);
    assert.deepEqual(await readDiscovery(project), { kind: 'found', discovery });
    const { proof, ...written } = JSON.parse(readFileSync(discoveryPath(project), 'utf8')) as Record<string, unknown>;
    assert.match(String(proof), /^[0-9a-f]{64}$/);
    assert.deepEqual(written, discovery);
  });

  it('is for its owner alone, in a folder for its owner alone that git leaves alone', async () => {
    mkdirSync(state, { recursive: true, mode: 0o755 });
    await writeDiscovery(project, discovery);
    assert.equal(readFileSync(path.join(state, '.gitignore'), 'utf8'), '*\n');
    if (!posix) return;
    assert.equal(statSync(discoveryPath(project)).mode & 0o777, 0o600);
    assert.equal(statSync(state).mode & 0o777, 0o700);
  });

  it('has a token of 256 random bits', () => {
    assert.equal(Buffer.from(newToken(), 'base64url').length, 32);
    assert.notEqual(newToken(), newToken());
  });

  it('is never seen half written, and leaves no other file', async () => {
    const versions = Array.from({ length: 30 }, (_, index) => `1.0.${index}`);
    const writing = { done: false };
    const reader = (async () => {
      const seen = new Set<string>();
      while (!writing.done) seen.add((await readDiscovery(project)).kind);
      return seen;
    })();
    await Promise.all(versions.map(async (version) => writeDiscovery(project, { ...discovery, version })));
    writing.done = true;
    assert.ok(!(await reader).has('refused'));
    assert.deepEqual(readdirSync(state).sort(), ['.gitignore', 'daemon.json']);
  });

  it('is not written through a link that is in its place', async function () {
    if (!posix) this.skip();
    const victim = path.join(project, 'victim');
    writeFileSync(victim, 'mine');
    mkdirSync(state, { recursive: true });
    symlinkSync(victim, discoveryPath(project));
    assert.deepEqual(await refusal(), { code: 'unreadable', errno: 'ELOOP' });
    await assert.rejects(writeDiscovery(project, discovery), /daemon\.json is a link/);
    assert.equal(readFileSync(victim, 'utf8'), 'mine');
  });

  it('is refused where no daemon of this user wrote it here', async () => {
    await writeDiscovery(project, discovery);
    const text = readFileSync(discoveryPath(project), 'utf8');
    const forged: Record<string, string> = { 'another port': text.replace('4711', '4712'), 'no proof': JSON.stringify(discovery), 'a wrong proof': text.replace(/[0-9a-f]{64}/, '0'.repeat(64)) };
    for (const [name, one] of Object.entries(forged)) {
      writeFileSync(discoveryPath(project), one);
      assert.deepEqual(await refusal(), { code: 'unproven' }, name);
    }
    const copy = `${project}-copy`;
    cpSync(project, copy, { recursive: true });
    writeFileSync(discoveryPath(copy), text);
    assert.equal((await readDiscovery(copy)).kind, 'refused');
    rmSync(copy, { recursive: true });
  });

  it('is refused where others can read or write it', async function () {
    if (!posix) this.skip();
    await writeDiscovery(project, discovery);
    for (const mode of [0o644, 0o640, 0o604, 0o660, 0o602]) {
      chmodSync(discoveryPath(project), mode);
      assert.deepEqual(await refusal(), { code: 'open-to-others', mode });
    }
  });

  it('is refused where it belongs to another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    await writeDiscovery(project, discovery);
    execFileSync('chown', ['12345', discoveryPath(project)]);
    assert.deepEqual(await refusal(), { code: 'other-user' });
  });

  it('is refused where it is a pipe, without waiting for it', async function () {
    if (!posix) this.skip();
    mkdirSync(state, { recursive: true });
    execFileSync('mkfifo', ['-m', '600', discoveryPath(project)]);
    assert.deepEqual(await refusal(), { code: 'not-a-file' });
  });

  it('tells the pid of a daemon that is gone', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeDiscovery(project, { ...discovery, pid });
    assert.deepEqual(await readDiscovery(project), { kind: 'dead', pid });
  });

  const broken: Record<string, string> = {
    'half of it': JSON.stringify({ ...discovery }).slice(0, 40),
    nothing: '',
    'no object': '[]',
    'no pid': JSON.stringify({ ...discovery, pid: 0 }),
    'a pid that would be a whole group': JSON.stringify({ ...discovery, pid: -1 }),
    'a port beyond all ports': JSON.stringify({ ...discovery, port: 65_536 }),
    'a port as text': JSON.stringify({ ...discovery, port: '4711' }),
    'no token': JSON.stringify({ ...discovery, token: undefined }),
    'a token that begins another header': JSON.stringify({ ...discovery, token: `${token}\r\nX: y` }),
    'a version as a number': JSON.stringify({ ...discovery, version: 1 }),
    'far too much': JSON.stringify({ ...discovery, more: 'x'.repeat(20_000) }),
  };
  for (const [name, text] of Object.entries(broken)) {
    it(`is refused where it holds ${name}, and its token is not told`, async () => {
      mkdirSync(state, { recursive: true });
      writeFileSync(discoveryPath(project), text, { mode: 0o600 });
      assert.ok(!JSON.stringify(await refusal()).includes(token));
    });
  }

  it('is removed by the daemon that wrote it, and by no other', async () => {
    await removeDiscovery(project, token);
    await writeDiscovery(project, discovery);
    await removeDiscovery(project, newToken());
    assert.equal((await readDiscovery(project)).kind, 'found');
    await removeDiscovery(project, token);
    assert.equal((await readDiscovery(project)).kind, 'missing');
  });
});
