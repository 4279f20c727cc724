import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodeActionRequest, CompletionRequest, createProtocolConnection, DidOpenTextDocumentNotification, ExitNotification, InitializedNotification, InitializeRequest, PublishDiagnosticsNotification, RegistrationRequest, ShutdownRequest, StreamMessageReader, StreamMessageWriter, type ClientCapabilities, type PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { commandProgram } from '../../../support/tested-programs.ts';
import { TemporaryProject } from '../../daemon/cli/temporary-project.ts';


describe('sluice language-server', () => {
  for (const args of [['--stdio'], [], ['--stdio', `--clientProcessId=${process.pid}`]]) {
    it(`serves an editor until that says good-bye (${args.length} arguments)`, async () => {
      const project = await TemporaryProject.make();
      const server = spawn(process.execPath, [commandProgram, 'language-server', ...args], { cwd: project.folder, stdio: ['pipe', 'pipe', 'pipe'] });
      const ended = once(server, 'exit');
      let errors = '';
      server.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
      const client = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
      const published = new Promise<PublishDiagnosticsParams>((resolve) => void client.onNotification(PublishDiagnosticsNotification.type, resolve));
      client.listen();
      // A server that ends early answers nothing: what is asked then fails, instead of waiting.
      void ended.then(() => client.dispose());
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- it must be there all the same
      const { serverInfo } = await client.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {} });
      assert.equal(serverInfo?.name, 'sluice');
      await client.sendNotification(InitializedNotification.type, {});
      const uri = pathToFileURL(path.join(project.folder, '.sluice/workflows/a.yaml')).href;
      await client.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: 'yaml', version: 1, text: 'stepz: 1\n' } });
      assert.deepEqual((await published).diagnostics.some(({ code }) => code === 'unknown-key'), true);
      await client.sendRequest(ShutdownRequest.type);
      await client.sendNotification(ExitNotification.type);
      assert.deepEqual(await ended, [0, null]);
      assert.equal(errors, '');
      await assert.rejects(access(path.join(project.state, 'daemon.json')), 'it started a daemon');
      await project.remove();
    });
  }

  /** What they send, as far as it matters here: `vim.lsp.protocol.make_client_capabilities()` of Neovim 0.11, and helix-lsp of Helix 25. */
  const editors: Readonly<Record<string, ClientCapabilities>> = {
    Neovim: { textDocument: { completion: { dynamicRegistration: false, completionItem: { snippetSupport: false, documentationFormat: ['markdown', 'plaintext'] } }, publishDiagnostics: { relatedInformation: true } }, workspace: { didChangeWatchedFiles: { dynamicRegistration: false }, workspaceFolders: true } },
    Helix: { textDocument: { completion: { completionItem: { snippetSupport: true, insertReplaceSupport: true } }, publishDiagnostics: { versionSupport: true } }, workspace: { didChangeWatchedFiles: { dynamicRegistration: true }, workspaceFolders: true } },
  };
  for (const [editor, capabilities] of Object.entries(editors)) {
    it(`serves ${editor} a workflow that is in no project, and that it takes for any YAML`, async () => {
      const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-stdio-')));
      const server = spawn(process.execPath, [commandProgram, 'language-server', '--stdio'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(server, 'exit');
      const client = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
      const published = new Promise<PublishDiagnosticsParams>((resolve) => void client.onNotification(PublishDiagnosticsNotification.type, resolve));
      client.onRequest(RegistrationRequest.type, () => undefined);
      client.listen();
      // A server that ends early answers nothing: what is asked then fails, instead of waiting.
      void ended.then(() => client.dispose());
      const folderUri = pathToFileURL(folder).href;
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- it must be there all the same
      await client.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: folderUri, capabilities, workspaceFolders: [{ uri: folderUri, name: 'letters' }] });
      await client.sendNotification(InitializedNotification.type, {});
      const uri = `${folderUri}/letter.sluice.yaml`;
      const text = 'steps:\n  send:\n    uses: http/reqest\n    with: { url: https://a.example }\n    \n';
      await client.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: 'yaml', version: 1, text } });
      assert.deepEqual((await published).diagnostics.map(({ code }) => code), ['unknown-action']);

      const answer = await client.sendRequest(CompletionRequest.type, { textDocument: { uri }, position: { line: 4, character: 4 } });
      const foreach = (Array.isArray(answer) ? answer : (answer?.items ?? [])).find(({ label }) => label === 'foreach');
      assert.match(foreach?.textEdit?.newText ?? '', /^foreach:\n {6}items: .*\n {6}as: .*\n {6}key: .*\n {6}on-item-failure: /);
      assert.equal(foreach?.insertTextMode, undefined);
      assert.equal(/\$\{\d/.test(foreach?.textEdit?.newText ?? ''), capabilities.textDocument?.completion?.completionItem?.snippetSupport);
      const fixes = await client.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: { start: { line: 2, character: 10 }, end: { line: 2, character: 21 } }, context: { diagnostics: [] } });
      assert.deepEqual(fixes?.map(({ title }) => title), ["Change to 'http/request'"]);
      await client.sendRequest(ShutdownRequest.type);
      await client.sendNotification(ExitNotification.type);
      assert.deepEqual(await ended, [0, null]);
      await rm(folder, { recursive: true });
    });
  }

  it('ends when its editor is gone', async () => {
    const server = spawn(process.execPath, [commandProgram, 'language-server', '--stdio'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(server, 'exit');
    server.stdin.end();
    assert.deepEqual(await ended, [1, null]);
  });
});
