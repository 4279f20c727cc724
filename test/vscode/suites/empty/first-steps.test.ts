import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../extension/ids.ts';
import { drive, extension, sluice } from '../support/sluice.ts';

describe('a folder that is no project', () => {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';

  it('does not activate the extension', () => {
    assert.equal(extension().isActive, false);
  });

  it('lets a command activate it, which starts nothing and says what is missing', async () => {
    await vscode.commands.executeCommand(commands.showLog);
    assert.equal(extension().isActive, true);
    const { app } = await sluice();
    assert.deepEqual(app.projects.all, []);
    const { asker } = await drive(commands.runWorkflow);
    assert.match(asker.told.join(), /No folder of this window is a Sluice project/);
    assert.equal(existsSync(path.join(folder, '.sluice')), false);
  });

  it('becomes a project, with its workflow in the editor and no daemon yet', async () => {
    const { result } = await drive(commands.createProject);
    assert.ok(Array.isArray(result) && result.includes('.sluice/workflows/hello.yaml'), String(result));
    assert.equal(vscode.window.activeTextEditor?.document.uri.path.endsWith('.sluice/workflows/hello.yaml'), true);
    const { app } = await sluice();
    assert.deepEqual(app.projects.all.map(({ connection }) => connection.state.kind), ['stopped']);
    assert.equal(existsSync(path.join(folder, '.sluice', 'state', 'daemon.json')), false);
  });

  it('says so when it is asked for a second time', async () => {
    const { result, asker } = await drive(commands.createProject);
    assert.equal(result, undefined);
    assert.match(asker.told.join(), /is a Sluice project already/);
  });

  it('has its daemon started by the first command that needs one, and stopped by another', async () => {
    assert.equal((await drive(commands.startDaemon)).result, 'connected');
    assert.equal(existsSync(path.join(folder, '.sluice', 'state', 'daemon.json')), true);
    assert.equal((await drive(commands.stopDaemon)).result, 'stopped');
    assert.equal(existsSync(path.join(folder, '.sluice', 'state', 'daemon.json')), false);
  });
});
