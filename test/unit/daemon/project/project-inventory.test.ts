import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FolderMemory } from '../../../../daemon/project/folder-memory.ts';
import { ProjectInventory, type LookExtent } from '../../../../daemon/project/project-inventory.ts';
import { listProjectFiles } from '../../../../platform/project-reader.ts';
import { findProjectFiles, maxSearchedFolders, type FolderLook } from '../../../../schemas/workflow/project-files.ts';

/** More than all folders of these tests need until each has had its turn. */
const manyRounds = 10;

describe('which files a project has', () => {
  let folder: string;
  const write = async (file: string, text = ''): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  };
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-inventory-'));
    await write('.sluice/workflows/a.yaml');
  });
  afterEach(() => rm(folder, { recursive: true }));

  describe('without those that version control ignores', () => {
    const places = ['x', 'build/x', 'src/build/x', 'src/keep/x', 'logs/old/x', 'logs/kept/x', 'deep/a/b/x', 'deep/a/c/x', 'generated/x', 'node_modules/p/x', '.cache/x', 'tmp1/x', 'tmp22/x', 'a b/x', 'ünïcode/x'];
    const rules: Readonly<Record<string, string>> = {
      '.gitignore': '/build\ngenerated/\nlogs/*\n!logs/kept/\ntmp?/\n# comment\n\ndeep/**/c\n',
      'src/.gitignore': 'build\n!keep\n',
      'deep/.gitignore': '/a/b\n',
    };

    async function fill(below = ''): Promise<void> {
      for (const place of places) await write(`${below}${place}.sluice.yaml`);
      for (const [file, text] of Object.entries(rules)) await write(`${below}${file}`, text);
    }

    const expected = ['a b/x', 'logs/kept/x', 'src/keep/x', 'tmp22/x', 'x', 'ünïcode/x'];

    it('in the folder and below it', async () => {
      await fill();
      const { files } = await listProjectFiles(folder);
      assert.deepEqual(files.map(({ file }) => file), ['.sluice/workflows/a.yaml', ...expected.map((place) => `${place}.sluice.yaml`)]);
    });

    it('as git itself has it', async function () {
      try {
        execFileSync('git', ['init', '-q', folder], { stdio: 'ignore' });
      } catch {
        return this.skip();
      }
      await fill();
      const listed = execFileSync('git', ['-C', folder, '-c', 'core.quotePath=false', 'ls-files', '--others', '--exclude-standard', '*.sluice.yaml'], { encoding: 'utf8' });
      const shown = listed.trim().split('\n').filter((file) => !/(^|\/)(\.|node_modules\/)/.test(file));
      const { files } = await listProjectFiles(folder);
      assert.deepEqual(files.map(({ file }) => file).filter((file) => !file.startsWith('.')), shown.sort());
    });

    it('by what a folder above says, as far as the repository goes', async () => {
      const project = path.join(folder, 'projects', 'one');
      await write('.gitignore', 'out\n');
      await write('projects/.gitignore', 'one/made\n');
      for (const place of ['out/x', 'made/x', 'in/x']) await write(`projects/one/${place}.sluice.yaml`);
      const found = async (): Promise<readonly string[]> => (await listProjectFiles(project)).files.map(({ file }) => file);
      assert.deepEqual(await found(), ['in/x.sluice.yaml', 'made/x.sluice.yaml', 'out/x.sluice.yaml'], 'in no repository');
      await write('.git/HEAD');
      assert.deepEqual(await found(), ['in/x.sluice.yaml']);
    });

    it('but with what is in .sluice, whatever is ignored', async () => {
      await write('.gitignore', '.sluice\n*\n');
      assert.deepEqual((await listProjectFiles(folder)).files.map(({ file }) => file), ['.sluice/workflows/a.yaml']);
    });

    it('by patterns that take long to compare not at all', async () => {
      await write('.gitignore', `${'*a'.repeat(60)}b\n${'**/'.repeat(40)}z\nreal\n`);
      for (const place of [`${'a'.repeat(200)}/x`, 'real/x']) await write(`${place}.sluice.yaml`);
      const before = process.cpuUsage();
      const { files } = await listProjectFiles(folder);
      const { user } = process.cpuUsage(before);
      assert.equal(files.length, 2);
      assert.ok(user < 5_000_000, `${user} µs`);
    });
  });

  it('is searched for in so many folders only, the nearest first, and says so', async () => {
    const looked: string[] = [];
    // Each folder has ten in it, for ever.
    const look = (at: string): Promise<FolderLook> => {
      looked.push(at);
      if (at.startsWith('.')) return Promise.resolve({ ok: true, entries: [] });
      return Promise.resolve({ ok: true, entries: [...Array.from({ length: 10 }, (_, index) => ({ name: `f${index}`, isFolder: true })), { name: 'x.sluice.yaml', isFolder: false }] });
    };
    const { files, isPartial } = await findProjectFiles(look);
    assert.deepEqual([isPartial, files.length, looked.length], [true, maxSearchedFolders, maxSearchedFolders + 2]);
    assert.ok(files.some(({ file }) => file === 'f9/f9/f9/x.sluice.yaml'), 'the three levels that fit');
    assert.equal((await listProjectFiles(folder)).isPartial, false);
  });

  describe('is found out again', () => {
    const names = async (inventory: ProjectInventory, extent: LookExtent): Promise<readonly string[]> => (await inventory.look(extent)).files;

    it('by a full look, whatever has come, gone or been ignored since', async () => {
      const inventory = new ProjectInventory(folder);
      assert.deepEqual(await names(inventory, 'own'), ['.sluice/workflows/a.yaml'], 'the first one is full');
      await write('one/two/x.sluice.yaml');
      await write('.sluice/queues.yaml');
      assert.deepEqual(await names(inventory, 'own'), ['.sluice/queues.yaml', '.sluice/workflows/a.yaml']);
      assert.deepEqual(await names(inventory, 'all'), ['.sluice/queues.yaml', '.sluice/workflows/a.yaml', 'one/two/x.sluice.yaml']);
      await write('.gitignore', 'two\n');
      await rm(path.join(folder, '.sluice/queues.yaml'));
      assert.deepEqual(await names(inventory, 'all'), ['.sluice/workflows/a.yaml']);
      await rm(path.join(folder, '.gitignore'));
      assert.deepEqual(await names(inventory, 'all'), ['.sluice/workflows/a.yaml', 'one/two/x.sluice.yaml']);
    });

    it('by rounds, a few folders at a time', async () => {
      for (let index = 0; index < 50; index++) await write(`many/f${index}/other.txt`);
      const inventory = new ProjectInventory(folder);
      await inventory.look('all');
      await write('many/f49/x.sluice.yaml');
      await write('many/f7/new/deeper/y.sluice.yaml');
      const seen = new Set<string>();
      for (let round = 0; round < manyRounds; round++) for (const file of await names(inventory, 'round')) seen.add(file);
      assert.ok(seen.has('many/f49/x.sluice.yaml') && seen.has('many/f7/new/deeper/y.sluice.yaml'), [...seen].join());
      await writeFile(path.join(folder, 'many/.gitignore'), 'f7\n');
      await rm(path.join(folder, 'many/f49'), { recursive: true });
      let last: readonly string[] = [];
      for (let round = 0; round < manyRounds; round++) last = await names(inventory, 'round');
      assert.deepEqual(last, ['.sluice/workflows/a.yaml']);
    });

    it('where the folder itself comes later', async () => {
      await rm(path.join(folder, '.sluice'), { recursive: true });
      const inventory = new ProjectInventory(folder);
      assert.deepEqual(await names(inventory, 'own'), []);
      await write('.sluice/workflows/b.yaml');
      assert.deepEqual(await names(inventory, 'own'), ['.sluice/workflows/b.yaml']);
    });
  });

  it('is told without reading a folder again that has not changed', async () => {
    for (let index = 0; index < 50; index++) await write(`many/f${index}/.gitignore`, 'a\n');
    // A minute from now, so that what was made a moment ago is settled.
    const memory = new FolderMemory(folder, () => Date.now() + 60_000);
    const folders = Array.from({ length: 50 }, (_, index) => `many/f${index}`);
    const looks = await Promise.all(folders.map((one) => memory.look(one)));
    for (const [index, one] of folders.entries()) assert.equal(await memory.look(one), looks[index], 'the same look');
    await write('many/f1/other.txt');
    await write('many/f2/x.sluice.yaml');
    await write('many/f3/.gitignore', 'b\n');
    assert.notEqual(await memory.look('many/f1'), looks[1]);
    assert.deepEqual(await Promise.all(['many/f1', 'many/f2', 'many/f3', 'many/f4'].map((one) => memory.hasChanged(one))), [false, true, true, false], 'other files do not count');
  });
});
