import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createProtocolConnection, DidOpenTextDocumentNotification, ExitNotification, InitializedNotification, InitializeRequest, PublishDiagnosticsNotification, ShutdownRequest, StreamMessageReader, StreamMessageWriter, type PublishDiagnosticsParams } from 'vscode-languageserver/node';
import { TemporaryProject } from '../../daemon/cli/temporary-project.ts';

const command = path.resolve(import.meta.dirname, '../../../../daemon/cli/main.ts');

describe('sluice language-server', () => {
  for (const args of [['--stdio'], [], ['--stdio', `--clientProcessId=${process.pid}`]]) {
    it(`serves an editor until that says good-bye (${args.length} arguments)`, async () => {
      const project = await TemporaryProject.make();
      const server = spawn(process.execPath, [command, 'language-server', ...args], { cwd: project.folder, stdio: ['pipe', 'pipe', 'pipe'] });
      const ended = once(server, 'exit');
      let errors = '';
      server.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
      const client = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
      const published = new Promise<PublishDiagnosticsParams>((resolve) => void client.onNotification(PublishDiagnosticsNotification.type, resolve));
      client.listen();
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

  it('ends when its editor is gone', async () => {
    const server = spawn(process.execPath, [command, 'language-server', '--stdio'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(server, 'exit');
    server.stdin.end();
    assert.deepEqual(await ended, [1, null]);
  });
});
