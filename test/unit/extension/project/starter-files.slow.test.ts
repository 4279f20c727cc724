import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeStarterFiles } from '../../../../extension/project/starter-files.ts';
import { commandProgram } from '../../../support/tested-programs.ts';
import { TemporaryProject } from '../../daemon/cli/temporary-project.ts';


describe('the files of a new project', () => {
  it('are those of `sluice init`, and leave alone what is there', async () => {
    const project = await TemporaryProject.make();
    const first = await writeStarterFiles(project.folder, commandProgram);
    assert.ok(first.created.includes('.sluice/workflows/hello.yaml'));
    for (const file of first.created) assert.ok(existsSync(path.join(project.folder, file)), file);
    const second = await writeStarterFiles(project.folder, commandProgram);
    assert.deepEqual([second.created, second.kept], [[], first.created]);
    await project.remove();
  });

  it('say what is in the way where they can not be made', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sluice-starter-'));
    writeFileSync(path.join(folder, '.sluice'), 'a file');
    await assert.rejects(writeStarterFiles(folder, commandProgram), /^Error: The folder .*workflows can't be made: a file of that name, or of one of the folders above it, is in the way\./);
    rmSync(folder, { recursive: true });
  });
});
