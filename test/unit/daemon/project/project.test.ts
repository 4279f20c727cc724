import assert from 'node:assert/strict';
import { ratesOf } from '../../../../schemas/workflow/rate.ts';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Project } from '../../../../daemon/project/project.ts';
import { SecretSource } from '../../../../daemon/secrets/secret-source.ts';
import type { UndeclaredQueue } from '../../../../schemas/protocol/queue.ts';

const step = 'steps: { a: { queue: erp, uses: http/request, with: { url: "http://127.0.0.1/" } } }\n';
const declaring = (limits: string): string => `queues: { erp: ${limits} }\n${step}`;

describe("a project's files", () => {
  let folder: string;
  let project: Project;
  const at = (file: string): string => path.join(folder, file);
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(at(file)), { recursive: true });
    await writeFile(at(file), text);
    await project.refresh();
  };
  const rates = (): Record<string, number | undefined> => Object.fromEntries(project.settings().queues.map(({ name, rate }) => [name, ratesOf(rate)[0]?.limit]));
  const why = (name = 'erp'): UndeclaredQueue => project.settings().whyUndeclared(name);
  const problems = (): readonly string[] => project.diagnostics().filter(({ severity }) => severity === 'error').map(({ file, message }) => `${file}: ${message}`);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-project-'));
    project = new Project({ folder, secrets: new SecretSource({ projectFolder: folder, env: {} }), env: {} });
    await write('.sluice/workflows/d.yaml', declaring('{ rate: 60/min }'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('declare a queue by one file without errors', async () => {
    assert.deepEqual(rates(), { erp: 60 });
    await write('.sluice/workflows/d.yaml', declaring('{ rate: 30/min }'));
    assert.deepEqual(rates(), { erp: 30 });
  });

  it('declare nothing by a file that has gone', async () => {
    await rm(at('.sluice/workflows/d.yaml'));
    await project.refresh();
    assert.deepEqual([rates(), why()], [{}, { reason: 'gone', files: [] }]);
  });

  it('that declare a queue twice don\'t declare it: the strictest is there for want of anything better', async () => {
    await write('.sluice/queues.yaml', 'queues: { erp: { concurrency: 50 }, other: { rate: 5/min } }\n');
    assert.deepEqual(rates(), { other: 5 });
    assert.deepEqual(why(), { reason: 'twice', files: ['.sluice/queues.yaml', '.sluice/workflows/d.yaml'] });
    assert.deepEqual(project.settings().doubtful, [{ name: 'erp', concurrency: 50, rate: { limit: 60, perMs: 60_000, burst: 6 } }]);
    await rm(at('.sluice/queues.yaml'));
    await project.refresh();
    assert.deepEqual(rates(), { erp: 60 });
  });

  it('that have an error declare nothing, wherever it is', async () => {
    await write('.sluice/workflows/d.yaml', `${declaring('{ rate: 600/min }')}nonsense: 1\n`);
    assert.deepEqual([rates(), why()], [{}, { reason: 'broken', files: ['.sluice/workflows/d.yaml'] }]);
    await write('.sluice/workflows/d.yaml', declaring('{ rate: 600/mni }'));
    assert.deepEqual([rates(), why()], [{}, { reason: 'broken', files: ['.sluice/workflows/d.yaml'] }]);
    await write('.sluice/workflows/d.yaml', 'queues: { erp: ');
    assert.deepEqual([rates(), why()], [{}, { reason: 'broken', files: ['.sluice/workflows/d.yaml'] }]);
  });

  it('that name a queue and say nothing of it, as while it is being written, change no limit', async () => {
    await write('.sluice/workflows/d.yaml', `queues:\n  erp:\n    # rate: 60/min\n${step}`);
    assert.deepEqual([rates(), why()], [{}, { reason: 'broken', files: ['.sluice/workflows/d.yaml'] }]);
    assert.deepEqual(project.diagnostics().filter(({ severity }) => severity !== 'information').map(({ severity, line, message }) => [severity, line, message]), [
      ['warning', 2, "'erp' says nothing, so if it had limits, it keeps the last ones. Write {} behind it for a queue with the defaults."],
    ]);
    assert.equal(project.analysis.workflows.size, 1, 'it runs');
    await write('.sluice/workflows/d.yaml', declaring('{}'));
    assert.deepEqual(rates(), { erp: undefined });
  });

  it('that a look could not list are there still, and it is said that it failed', async function () {
    if (process.platform === 'win32') return this.skip();
    await write('.sluice/queues.yaml', 'queues: { other: { rate: 5/min } }\n');
    await rename(at('.sluice/workflows'), at('away'));
    // As a folder that may not be read, or for which no descriptor is left: it is there, and nobody can tell what is in it.
    await symlink('workflows', at('.sluice/workflows'));
    assert.equal(await project.refresh(), true);
    assert.deepEqual(why(), { reason: 'broken', files: ['.sluice/workflows', '.sluice/workflows/d.yaml'] });
    assert.deepEqual(rates(), { other: 5 });
    assert.match(problems().join('\n'), /^\.sluice\/workflows: \.sluice\/workflows can't be read \(ELOOP\)\.\n\.sluice\/workflows\/d\.yaml: .* is a link that leads back to itself\.$/);
    assert.deepEqual([...project.failedLooks.keys()], ['.sluice/workflows']);
    assert.equal(project.analysis.workflows.size, 0, 'what can not be read does not run');
    await rm(at('.sluice/workflows'));
    await rename(at('away'), at('.sluice/workflows'));
    assert.equal(await project.refresh(), true);
    assert.deepEqual([rates(), problems(), project.failedLooks.size], [{ erp: 60, other: 5 }, [], 0]);
  });

  it('continue as they were where only the look at their folder fails', async function () {
    // With no descriptor left a folder can't be listed, while files can still be asked for their times.
    if (process.platform === 'win32') return this.skip();
    const program = `
      import { openSync, writeFileSync } from 'node:fs';
      import { Project } from ${JSON.stringify(path.resolve('daemon/project/project.ts'))};
      const project = new Project({ folder: process.argv[1], secrets: { names: () => [] }, env: {} });
      await project.refresh();
      // Folders that have had the same time for long are not listed again.
      for (const name of ['', '.sluice/', '.sluice/workflows/']) writeFileSync(process.argv[1] + '/' + name + 'note.txt', '');
      // What the first look has opened may be closed a little later.
      while (process.getActiveResourcesInfo().some((name) => /^(FSReq|CloseReq|FileHandle)/.test(name))) await new Promise((resolve) => setImmediate(resolve));
      try { for (;;) openSync('/dev/null'); } catch {}
      const changed = await project.refresh();
      console.log(JSON.stringify({ changed, queues: project.settings().queues.map(({ name }) => name), failed: [...project.failedLooks.values()], workflows: project.analysis.workflows.size }));
    `;
    await writeFile(at('look.ts'), program);
    const out = execFileSync('sh', ['-c', 'ulimit -n 64; exec "$0" --input-type=module -e "$1" "$2"', process.execPath, await readFile(at('look.ts'), 'utf8'), folder], { encoding: 'utf8' });
    const { failed, ...rest } = JSON.parse(out) as { failed: readonly string[] };
    assert.deepEqual(rest, { changed: true, queues: ['erp'], workflows: 1 });
    assert.ok(failed.length > 0 && failed.every((problem) => problem === "can't be read (EMFILE)"), String(failed));
  });

  it('know connections of which a secret is not set, and all others of the file', async () => {
    await write('.sluice/connections.yaml', 'connections:\n  esp: { type: smtp, host: mail.example.com }\n  crm: { type: http, url: "https://crm.example", auth: { type: bearer, token: "${{ secrets.NOBODY_SET_IT }}" } }\n');
    const { connections, connectionsDoubt } = project.settings();
    assert.deepEqual([[...connections.keys()], connectionsDoubt], [['esp', 'crm'], undefined]);
    assert.deepEqual(project.diagnostics().map(({ code }) => code), ['unknown-secret'], 'and it is told all the same');
  });

  it('keep the settings and servers that were last read well while their file is broken or away', async () => {
    await write('.sluice/config.yaml', 'allowed-addresses: [10.0.0.7]\nretention: { runs: 400d }\n');
    await write('.sluice/connections.yaml', 'connections: { esp: { type: smtp, host: mail.example.com } }\n');
    const { config } = project;
    for (const file of ['.sluice/config.yaml', '.sluice/connections.yaml']) {
      await write(file, 'nonsense: 1\n');
      await rm(at(file));
      await project.refresh();
    }
    assert.deepEqual(project.config, config);
    assert.deepEqual([...project.settings().connections.keys()], ['esp']);
    assert.equal(project.settings().connectionsDoubt, '.sluice/connections.yaml is not there');
    await write('.sluice/connections.yaml', 'nonsense: 1\n');
    assert.equal(project.settings().connectionsDoubt, '.sluice/connections.yaml has errors');
    const later = new Project({ folder, secrets: new SecretSource({ projectFolder: folder, env: {} }), env: {}, lastConfig: 'allowed-addresses: [10.0.0.7]\nretention: { runs: 400d }\n' });
    await later.refresh();
    assert.deepEqual([later.config, later.hasLastConfig, later.configText], [config, true, undefined], 'over a restart as well');
    await write('.sluice/config.yaml', '# nothing\n');
    await later.refresh();
    assert.deepEqual([later.config.allowedAddresses, later.hasLastConfig], [undefined, false]);
    assert.equal(project.config.allowedAddresses, undefined, 'an empty file says so');
    await write('.sluice/connections.yaml', 'connections: {}\n');
    assert.equal(project.settings().connections.size, 0);
    assert.equal(project.settings().connectionsDoubt, undefined, 'an empty one declares that there are none');
  });

  it('that are none hold nobody up, and are a finding', async function () {
    if (process.platform === 'win32') return this.skip();
    execFileSync('mkfifo', [at('.sluice/workflows/pipe.yaml')]);
    await symlink('/dev/zero', at('.sluice/workflows/zero.yaml'));
    await symlink('nothing', at('.sluice/workflows/link.yaml'));
    await mkdir(at('.sluice/workflows/folder.yaml'));
    await project.refresh();
    assert.deepEqual(rates(), { erp: 60 });
    assert.deepEqual(problems().map((text) => text.replace(/.*: \S+ /, '')), ['is a folder, not a file.', "is a link to a file that doesn't exist.", 'is a named pipe, not a file.', 'is a device, not a file.']);
    assert.equal(await project.refresh(), false, 'the same again');
  });
});
