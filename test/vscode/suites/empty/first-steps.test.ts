import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../extension/base/ids.ts';
import { drive, extension, mirrorChanges, sluice } from '../support/sluice.ts';
import { until } from '../support/until.ts';

describe('a folder that is not a project', () => {
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

  it('shows the first steps in a tab that stays', async () => {
    await drive(commands.getStarted);
    await until('the tab of the first steps stays', () => vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview === false, vscode.window.tabGroups.onDidChangeTabs);
  });

  it('becomes a project, with its workflow in the editor and no daemon yet', async () => {
    const { result } = await drive(commands.createProject);
    assert.ok(Array.isArray(result) && result.includes('.sluice/workflows/hello.yaml'), String(result));
    assert.equal(vscode.window.activeTextEditor?.document.uri.path.endsWith('.sluice/workflows/hello.yaml'), true);
    assert.equal(vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview, false);
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

  it('has a first run that succeeds without a network, as the walkthrough leads to it', async () => {
    await drive(commands.startPractice);
    const terminal = vscode.window.terminals.find(({ name }) => name === 'Sluice Practice Receiver');
    assert.ok(terminal !== undefined);
    await drive(commands.startPractice);
    assert.equal(vscode.window.terminals.filter(({ name }) => name === terminal.name).length, 1);
    const { result } = await drive(commands.runWorkflow, { answers: [{ pick: 'Hello' }, { pick: 'Run' }] });
    const { app } = await sluice();
    await until('the run has succeeded', () => app.projects.all[0]?.mirror.run(String(result))?.state === 'succeeded', mirrorChanges(app));
    await drive(commands.stopDaemon);
    terminal.dispose();
  });
});
