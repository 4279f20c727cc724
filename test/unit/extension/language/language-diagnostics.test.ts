import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodeActionRequest, DidChangeWorkspaceFoldersNotification, FileChangeType, HoverRequest } from 'vscode-languageserver/node';
import { knownSecretsNotification } from '../../../../extension/language/known-secrets.ts';
import { editorCapabilities, LanguageBench } from '../../../support/language-bench.ts';

const main = '.sluice/workflows/main.yaml';
const queues = '.sluice/queues.yaml';
const good = 'steps:\n  fetch:\n    queue: web\n    uses: http/request\n    with: { url: "https://example.com" }\n';
const project = { [main]: good, [queues]: 'queues:\n  web: { rate: 60/min }\n' };

describe('diagnostics of the language server', () => {
  let bench: LanguageBench;

  afterEach(async () => {
    assert.deepEqual(bench.faults, []);
    await bench.stop();
  });

  it('are those of the document as it is open, against the other files on disk', async () => {
    bench = await LanguageBench.start({ files: project });
    await bench.open(main, good.replace('queue: web', 'queue: wep'));
    const [found, ...others] = await bench.diagnostics(main);
    assert.deepEqual(others, []);
    assert.deepEqual({ ...found, data: undefined }, {
      range: { start: { line: 2, character: 11 }, end: { line: 2, character: 14 } },
      severity: 1,
      code: 'unknown-queue',
      source: 'sluice',
      message: found?.message,
      data: undefined,
    });
  });

  it("speak the editor's language, as far as it brings translations along, with the plural forms of that language", async () => {
    const translations = {
      "There is no queue {name}.": 'Nie ma kolejki {name}.',
      "Did you mean {name}?": 'Czy chodziło o {name}?',
      "{more, plural, one {The same is wrong in # more place.} other {The same is wrong in # more places.}}": '{more, plural, one {To samo jest źle w # miejscu.} few {To samo jest źle w # miejscach.} many {To samo jest źle w # miejscach (many).} other {?}}',
      "Change to {suggestion}": 'Zmień na {suggestion}',
      damaged: 7,
    } as unknown as Readonly<Record<string, string>>;
    bench = await LanguageBench.start({ files: project, language: { locale: 'pl', translations } });
    const broken = ['a', 'b', 'c'].map((id) => `  ${id}:\n    queue: wep\n    uses: http/request\n    with: { url: "https://example.com" }\n`).join('');
    await bench.open(main, `steps:\n${broken}`);
    const [found, ...others] = await bench.diagnostics(main);
    assert.equal(found?.message, "Nie ma kolejki 'wep'. Czy chodziło o 'web'? To samo jest źle w 2 miejscach.");
    assert.deepEqual(others, []);
    const actions = (await bench.client.sendRequest(CodeActionRequest.type, { textDocument: { uri: bench.uri(main) }, range: found.range, context: { diagnostics: [] } })) ?? [];
    assert.ok(actions.some(({ title }) => title === "Zmień na 'web'"), JSON.stringify(actions.map(({ title }) => title)));
  });

  it('speak English to an editor whose language is not a language', async () => {
    bench = await LanguageBench.start({ files: project, language: { locale: 'not a language!', translations: {} } });
    await bench.open(main, good.replace('queue: web', 'queue: wep'));
    assert.deepEqual((await bench.diagnostics(main)).map(({ message }) => message), ["There is no queue 'wep'. Did you mean 'web'?"]);
  });

  it('are there whatever else lies among the files: pipes, devices and folders hold nothing up', async function () {
    if (process.platform === 'win32') return this.skip();
    bench = await LanguageBench.start({ files: project });
    execFileSync('mkfifo', [path.join(bench.folder, '.sluice/workflows/pipe.yaml'), path.join(bench.folder, '.sluice/connections.yaml')]);
    symlinkSync('/dev/zero', path.join(bench.folder, '.sluice/config.yaml'));
    mkdirSync(path.join(bench.folder, '.sluice/workflows/folder.yaml'));
    await bench.open(main, good.replace('queue: web', 'queue: wep'));
    assert.deepEqual((await bench.diagnostics(main)).map(({ code }) => code), ['unknown-queue']);
  });

  it('follow each keystroke, and carry its version', async () => {
    bench = await LanguageBench.start({ files: project });
    await bench.open(main, good);
    assert.deepEqual(await bench.diagnostics(main), []);
    const at = good.indexOf('web');
    await bench.edit(main, at, at + 3, 'w');
    await bench.edit(main, at + 1, at + 1, 'x');
    assert.deepEqual((await bench.diagnostics(main)).map(({ code }) => code), ['unknown-queue']);
    await bench.edit(main, at, at + 2, 'web');
    assert.deepEqual(await bench.diagnostics(main), []);
    assert.equal((await bench.published(main, ({ version }) => version === 4)).version, 4);
  });

  it('take an open document for what it says, saved or not', async () => {
    bench = await LanguageBench.start({ files: project });
    await bench.open(main, good);
    await bench.open(queues, 'queues:\n  other: { rate: 60/min }\n');
    await bench.published(main, ({ diagnostics }) => diagnostics.some(({ code }) => code === 'unknown-queue'));
    // Closed without saving: the file on disk, which has the queue, counts again.
    await bench.close(queues);
    await bench.published(main, ({ diagnostics }) => diagnostics.length === 0);
  });

  it('are shown for files of the project that are not open', async () => {
    bench = await LanguageBench.start({ files: { ...project, '.sluice/workflows/other.yaml': 'steps: {}\n' } });
    await bench.open(main, good);
    const { diagnostics } = await bench.published('.sluice/workflows/other.yaml', (params) => params.diagnostics.length > 0);
    assert.deepEqual(diagnostics.map(({ code }) => code), ['no-steps']);
  });

  it('are shown for a folder of which no file is open, and follow its files', async () => {
    const other = '.sluice/workflows/other.yaml';
    bench = await LanguageBench.start({ files: { ...project, [other]: good.replace('queue: web', 'queue: wep') }, writeFirst: true });
    assert.deepEqual((await bench.published(other, ({ diagnostics }) => diagnostics.length > 0)).diagnostics.map(({ code }) => code), ['unknown-queue']);
    await bench.write(queues, 'queues:\n  wep: { rate: 60/min }\n');
    await bench.fileChanged(queues);
    await bench.published(other, ({ diagnostics }) => diagnostics.length === 0);
    await bench.open(main, good);
    await bench.published(main, ({ diagnostics }) => diagnostics.some(({ code }) => code === 'unknown-queue'));
    await bench.close(main);
    await bench.write(other, 'steps: {}\n');
    await bench.fileChanged(other);
    await bench.published(other, ({ diagnostics }) => diagnostics.some(({ code }) => code === 'no-steps'));
  });

  it('come with a folder that is added to the window, and go with one that is removed', async () => {
    const other = '.sluice/workflows/other.yaml';
    bench = await LanguageBench.start({ files: { [other]: 'steps: {}\n' }, writeFirst: true, hasFolder: false });
    const folder = { uri: pathToFileURL(bench.folder).href, name: 'project' };
    await bench.client.sendNotification(DidChangeWorkspaceFoldersNotification.type, { event: { added: [folder], removed: [] } });
    await bench.published(other, ({ diagnostics }) => diagnostics.some(({ code }) => code === 'no-steps'));
    await bench.client.sendNotification(DidChangeWorkspaceFoldersNotification.type, { event: { added: [], removed: [folder] } });
    await bench.published(other, ({ diagnostics }) => diagnostics.length === 0);
  });

  it('come when a folder of the window becomes a project', async () => {
    const other = '.sluice/workflows/other.yaml';
    bench = await LanguageBench.start();
    await bench.write(other, 'steps: {}\n');
    await bench.fileChanged(other, FileChangeType.Created);
    await bench.published(other, ({ diagnostics }) => diagnostics.some(({ code }) => code === 'no-steps'));
  });

  it('end with the last document of a folder that the editor has not open', async () => {
    bench = await LanguageBench.start({ files: { ...project, '.sluice/workflows/other.yaml': 'steps: {}\n' }, hasFolder: false });
    await bench.open(main, good);
    await bench.published('.sluice/workflows/other.yaml', (params) => params.diagnostics.length > 0);
    await bench.close(main);
    await bench.published('.sluice/workflows/other.yaml', (params) => params.diagnostics.length === 0);
  });

  it('are shown for a workflow outside of a project by its name, whatever language it is taken for', async () => {
    bench = await LanguageBench.start();
    await bench.open('letter.sluice.yaml', 'stepz: {}\n', 'yaml');
    assert.deepEqual((await bench.diagnostics('letter.sluice.yaml')).map(({ code }) => code), ['unknown-key']);
  });

  it('follow files that are changed, made and removed outside of the editor', async () => {
    bench = await LanguageBench.start({ files: project });
    assert.deepEqual(bench.registrations.map(({ method }) => method), ['workspace/didChangeWatchedFiles']);
    await bench.open(main, good);
    assert.deepEqual(await bench.diagnostics(main), []);
    await rm(path.join(bench.folder, queues));
    await bench.fileChanged(queues, FileChangeType.Deleted);
    await bench.published(main, ({ diagnostics }) => diagnostics.length === 1);
    await bench.write(queues, 'queues:\n  web: { rate: 61/min }\n');
    await bench.fileChanged(queues, FileChangeType.Created);
    await bench.published(main, ({ diagnostics }) => diagnostics.length === 0);
  });

  it('read the files again on save, where the editor does not watch them', async () => {
    bench = await LanguageBench.start({ files: project, capabilities: { ...editorCapabilities, workspace: {} } });
    await bench.open(main, good);
    assert.deepEqual(await bench.diagnostics(main), []);
    assert.deepEqual(bench.registrations, []);
    await bench.write(queues, 'queues:\n  other: { rate: 61/min }\n');
    await bench.save(main);
    await bench.published(main, ({ diagnostics }) => diagnostics.length === 1);
  });

  it('know the secrets that are set, by variables and by the file of secrets', async () => {
    const text = good.replace('with: { url: "https://example.com" }', 'with:\n      url: https://example.com\n      headers: { a: "${{ secrets.ONE }}", b: "${{ secrets.TWO }}", c: "${{ secrets.THREE }}" }');
    bench = await LanguageBench.start({ files: { ...project, '.sluice/state/secrets.env': 'TWO=hush\n' }, env: { SLUICE_SECRET_ONE: 'hush' } });
    await bench.open(main, text);
    assert.deepEqual((await bench.diagnostics(main)).map(({ code, message }) => [code, JSON.stringify(message).includes('THREE')]), [['unknown-secret', true]]);
  });

  it('know the secrets that an editor tells of, by name, before and while a document is open', async () => {
    const text = good.replace('with: { url: "https://example.com" }', 'with:\n      url: https://example.com\n      headers: { a: "${{ secrets.ONE }}", b: "${{ secrets.TWO }}" }');
    const unknown = (count: number) => ({ diagnostics }: { readonly diagnostics: readonly { readonly code?: unknown }[] }) => diagnostics.filter(({ code }) => code === 'unknown-secret').length === count;
    bench = await LanguageBench.start({ files: { ...project, '.sluice/state/secrets.env': 'OTHER=hush\n' } });
    await bench.client.sendNotification(knownSecretsNotification, { folder: bench.uri(''), names: ['ONE'] });
    await bench.open(main, text);
    const [found, ...others] = await bench.diagnostics(main);
    assert.deepEqual([found?.code, JSON.stringify(found?.message).includes('TWO'), others], ['unknown-secret', true, []]);
    await bench.client.sendNotification(knownSecretsNotification, { folder: bench.uri(''), names: ['ONE', 'TWO'] });
    await bench.published(main, unknown(0));
    // The last word counts; what is none, and another project's, changes nothing.
    await bench.client.sendNotification(knownSecretsNotification, { folder: bench.uri(''), names: [] });
    await bench.published(main, unknown(2));
    await bench.client.sendNotification(knownSecretsNotification, { folder: 5, names: 'ONE' });
    await bench.client.sendNotification(knownSecretsNotification, { folder: bench.uri('elsewhere'), names: ['ONE', 'TWO'] });
    await bench.edit(main, 0, 0, '# Still.\n');
    assert.equal((await bench.diagnostics(main)).length, 2);
  });

  it('take a document that is in no project for a workflow, and believe what it says about other files', async () => {
    bench = await LanguageBench.start();
    for (const file of ['alone.sluice.yaml', 'untitled:Untitled-1', 'vscode-vfs://github/a/b/.sluice/workflows/main.yaml']) {
      await bench.open(file, good.replace('uses: http/request', 'uses: http/reqest'));
      assert.deepEqual((await bench.diagnostics(file)).map(({ code }) => code), ['unknown-action'], file);
    }
  });

  it('leave YAML alone that is not ours, and take ours for what it is, whatever the editor calls it', async () => {
    bench = await LanguageBench.start({ files: project });
    await bench.open('compose.yaml', 'services: {}\n', 'yaml');
    await bench.open(main, 'nothing: 1\n', 'yaml');
    assert.equal((await bench.diagnostics(main)).length > 0, true);
    assert.equal(await bench.client.sendRequest(HoverRequest.type, bench.at('compose.yaml', { line: 0, character: 1 })), null);
  });

  it('move to the project when a folder becomes one', async () => {
    bench = await LanguageBench.start();
    await bench.open('flow.sluice.yaml', good);
    assert.deepEqual(await bench.diagnostics('flow.sluice.yaml'), []);
    await bench.write('.sluice/config.yaml', '');
    await bench.fileChanged('.sluice/config.yaml', FileChangeType.Created);
    await bench.published('flow.sluice.yaml', ({ diagnostics }) => diagnostics.some(({ code }) => code === 'unknown-queue'));
  });
});
