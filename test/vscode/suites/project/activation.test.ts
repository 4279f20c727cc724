import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands, languageId, views } from '../../../../extension/base/ids.ts';
import { extension, firstProject, sluice } from '../support/sluice.ts';
import { until, type Listen } from '../support/until.ts';

describe('activation in a project', () => {
  it('answers with what it made, and has found the project', async () => {
    const api = await sluice();
    assert.deepEqual(Object.keys(api.views), Object.keys(views));
    assert.ok(api.activationMs > 0);
    assert.equal((await firstProject()).name, 'shop');
  });

  it('starts no daemon by itself', async () => {
    const project = await firstProject();
    assert.equal(project.connection.state.kind, 'stopped');
    assert.equal(existsSync(path.join(project.path, '.sluice', 'state', 'daemon.json')), false);
  });

  it('registers every command that it contributes', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(Object.values(commands).filter((id) => !registered.has(id)), []);
  });

  it('shows in the status bar that no daemon runs, without alarm', async () => {
    const { statusBar } = await sluice();
    assert.match(statusBar.text, /Sluice/);
    assert.equal(statusBar.backgroundColor, undefined);
    assert.equal(statusBar.accessibilityInformation?.label, 'Sluice: no daemon runs');
  });

  it('shows what is wrong in files of the project, though none has been opened, and follows them', async () => {
    const file = path.join((await firstProject()).path, '.sluice', 'workflows', 'broken.yaml');
    const problems = (): readonly string[] => vscode.languages.getDiagnostics(vscode.Uri.file(file)).map(({ message }) => message);
    const changes: Listen = (listener) => vscode.languages.onDidChangeDiagnostics(listener);
    await writeFile(file, 'steps: {}\n');
    try {
      await until('the problem is shown', () => problems().some((message) => /step/.test(message)), changes);
      assert.deepEqual(vscode.workspace.textDocuments.filter((document) => document.languageId === languageId), []);
    } finally {
      await rm(file);
    }
    await until('the problem is gone with its file', () => problems().length === 0, changes);
  });

  it('runs where the files are', () => {
    assert.equal(extension().extensionKind, vscode.ExtensionKind.Workspace);
  });
});
