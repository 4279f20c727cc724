import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sluice, type CommandResult } from './command-line.ts';
import { TemporaryProject } from './temporary-project.ts';

const call = 'uses: http/request, with: { url: "https://example.com" }';
const step = (queue: string, extra = ''): string => `steps:\n  fetch:\n    queue: ${queue}\n    uses: http/request\n    with: { url: "https://example.com" }\n${extra}on-failure:\n  tell: { ${call} }\n`;

describe('sluice validate', () => {
  let project: TemporaryProject;
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(project.folder, file)), { recursive: true });
    await writeFile(path.join(project.folder, file), text);
  };
  const validate = (...argv: string[]): Promise<CommandResult> => sluice(['validate', ...argv], { cwd: project.folder });

  beforeEach(async () => {
    project = await TemporaryProject.make();
    await write('.sluice/queues.yaml', 'queues:\n  erp: { rate: 10/min }\n');
  });
  afterEach(() => project.remove());

  it('finds what is wrong in all files of the project, each in a line that tools can read', async () => {
    await write('.sluice/workflows/good.yaml', step('erp'));
    await write('.sluice/workflows/bad.yaml', step('erpp'));
    const { code, stdout, stderr } = await validate();
    assert.equal(code, 1);
    assert.match(stdout, /^\.sluice\/workflows\/bad\.yaml:3:12: error: .*erpp.*erp.*\n$/);
    assert.equal(stderr, '3 files checked: 1 error.\n');
  });

  it('gives an array with --json, and an empty one where all is well', async () => {
    await write('a.sluice.yaml', step('erpp'));
    const bad = await validate('--json');
    assert.deepEqual([bad.code, bad.stderr], [1, '']);
    const [diagnostic, ...others] = JSON.parse(bad.stdout) as Record<string, unknown>[];
    assert.equal(others.length, 0);
    assert.deepEqual(
      { ...diagnostic, message: '' },
      { file: 'a.sluice.yaml', line: 3, column: 12, endLine: 3, endColumn: 16, severity: 'error', code: 'unknown-queue', message: '', suggestions: ['erp'] },
    );
    await write('a.sluice.yaml', step('erp'));
    assert.deepEqual(await validate('--json'), { code: 0, stdout: '[]\n', stderr: '' });
  });

  it('gives advice as well, which fails nothing', async () => {
    await write('.sluice/workflows/twice.yaml', `steps:\n  a: { ${call} }\n  b: { queue: erp, needs: [a, a], if: success(), ${call} }\n`);
    const { code, stdout, stderr } = await validate();
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^\.sluice\/queues\.yaml:2:3: information: Nobody is told when a job of 'erp' becomes a dead letter\./);
    assert.match(lines[1] ?? '', /^\.sluice\/workflows\/twice\.yaml:3:31: information: 'a' is waited for anyway: it appears here twice\.$/);
    assert.deepEqual([lines.length, stderr], [2, '2 files checked: 0 errors, 2 notes.\n']);
    const [first] = JSON.parse((await validate('--json')).stdout) as Record<string, unknown>[];
    assert.deepEqual([first?.['severity'], first?.['code']], ['information', 'no-dead-letter-alert']);
  });

  it('checks named files only, but against the rest of their project', async () => {
    await write('.sluice/workflows/bad.yaml', 'nonsense: 1\n');
    await write('.sluice/workflows/other.yaml', step('erp'));
    await write('drafts/draft.yaml', step('erp'));
    assert.deepEqual(await validate('drafts/draft.yaml', '.sluice/workflows/other.yaml'), { code: 0, stdout: '', stderr: '2 files checked: no problems.\n' });
    await write('drafts/draft.yaml', step('elsewhere'));
    assert.match((await validate('drafts/draft.yaml')).stdout, /^drafts\/draft\.yaml:3:12: error: /);
  });

  it('checks a workflow that belongs to no project by itself', async () => {
    const lone = await TemporaryProject.make();
    try {
      const folder = lone.folder;
      await rm(path.join(folder, '.sluice'), { recursive: true });
      const file = path.join(folder, 'lone.yaml');
      await writeFile(file, step('from_elsewhere'));
      assert.equal((await sluice(['validate', file], { cwd: folder })).code, 0);
      await writeFile(file, step('from_elsewhere', '    usse: x\n'));
      const { code, stdout } = await sluice(['validate', file], { cwd: folder });
      assert.equal(code, 1);
      assert.match(stdout, /\.yaml:6:5: error: .*uses/);
    } finally {
      await lone.remove();
    }
  });

  it('knows the secrets that are set, by the environment or the file', async () => {
    await write('a.sluice.yaml', step('erp').replace('url: "https://example.com"', 'url: "https://example.com", headers: { authorization: "${{ secrets.ERP_TOKEN }}" }'));
    const missing = await validate();
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /^a\.sluice\.yaml:5:\d+: error: There is no secret .?ERP_TOKEN/);
    assert.equal((await sluice(['validate'], { cwd: project.folder, env: { SLUICE_SECRET_ERP_TOKEN: 'x' } })).code, 0);
    await writeFile(path.join(project.state, 'secrets.env'), 'ERP_TOKEN=x\n', { mode: 0o600 });
    assert.equal((await validate()).code, 0);
  });

  it('says which file is missing', async () => {
    const { code, stderr } = await validate('nothing.yaml');
    assert.equal(code, 2);
    assert.match(stderr, /^error: There is no file .*nothing\.yaml\.$/m);
  });
});
