import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listProjectFiles, readProjectTexts } from '../../../platform/project-reader.ts';

describe('the files of a project', () => {
  let folder: string;
  const write = (file: string, content: string | Buffer): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-reader-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are read in the order asked for, however many there are', async () => {
    const files = Array.from({ length: 100 }, (_, index) => `.sluice/workflows/w${index}.yaml`);
    for (const file of files) write(file, `# ${file}\n`);
    const texts = await readProjectTexts(folder, files);
    assert.deepEqual([...texts].map(([file, { text }]) => [file, text]), files.map((file) => [file, `# ${file}\n`]));
  });

  it('are not read again while they have not changed', async () => {
    const [same, changed] = ['.sluice/config.yaml', '.sluice/queues.yaml'];
    write(same, 'env: []\n');
    write(changed, 'queues: {}\n');
    const first = await readProjectTexts(folder, [same, changed]);
    write(changed, 'queues: { erp: {} }\n');
    const second = await readProjectTexts(folder, [same, changed], first);
    assert.equal(second.get(same), first.get(same));
    assert.equal(second.get(changed)?.text, 'queues: { erp: {} }\n');
  });

  it('say why there is no text, and are left out if they are gone', async () => {
    write('.sluice/config.yaml', Buffer.from([0xff, 0xfe, 0xff]));
    mkdirSync(path.join(folder, '.sluice/queues.yaml'), { recursive: true });
    const texts = await readProjectTexts(folder, ['.sluice/config.yaml', '.sluice/queues.yaml', '.sluice/gone.yaml']);
    assert.deepEqual([...texts.keys()], ['.sluice/config.yaml', '.sluice/queues.yaml']);
    assert.equal(texts.get('.sluice/queues.yaml')?.problem, 'is a folder, not a file');
    assert.deepEqual([...texts.values()].map(({ text, problem }) => [text, problem !== undefined]), [['', true], ['', true]]);
  });

  it('are not those that a .gitignore above the project names', async () => {
    mkdirSync(path.join(folder, '.git'));
    write('.gitignore', 'app/vendor/\n');
    for (const file of ['app/.sluice/queues.yaml', 'app/vendor/erp.sluice.yaml', 'app/team/crm.sluice.yaml']) write(file, 'queues: {}\n');
    const listed = async (): Promise<readonly string[]> => (await listProjectFiles(path.join(folder, 'app'))).files.map(({ file }) => file);
    const without = await listed();
    writeFileSync(path.join(folder, '.gitignore'), '');
    const control = await listed();
    assert.equal(control.length, without.length + 1, control.join());
    assert.ok(control.includes('vendor/erp.sluice.yaml') && !without.includes('vendor/erp.sluice.yaml'));
  });
});
