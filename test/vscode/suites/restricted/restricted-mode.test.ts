import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../extension/base/ids.ts';
import { dashboardTabs } from '../support/dashboard-tabs.ts';
import { labelOf } from '../support/row-label.ts';
import { becomes, drive, extension, firstProject, mirrorChanges, sluice, watched } from '../support/sluice.ts';
import { until } from '../support/until.ts';

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string; readonly enablement?: string }[] };
}

describe('Restricted Mode', () => {
  let daemon: ChildProcess | undefined;

  after(async () => {
    if (daemon === undefined) return;
    const gone = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await gone;
  });

  it('is what the window is in (control)', () => {
    assert.equal(vscode.workspace.isTrusted, false);
  });

  it('lets workflows be looked at', async () => {
    const { views } = await sluice();
    await firstProject();
    assert.deepEqual((await views.workflows.tree.getChildren()).map(labelOf), ['batch.yaml', 'order.yaml']);
    const opened = await drive(commands.openWorkflow, { args: [{ folder: (await firstProject()).folder, file: '.sluice/workflows/order.yaml' }] });
    assert.match(String(opened.result), /order\.yaml$/);
  });

  it('lets the dashboard be opened, which starts nothing', async () => {
    const project = await firstProject();
    assert.deepEqual((await drive(commands.openDashboard, { args: [{ folder: project.folder }] })).result, { range: '1h', folder: project.folder });
    await until('its panel is open', () => dashboardTabs().length === 1, (listener) => vscode.window.tabGroups.onDidChangeTabs(listener));
    assert.equal(project.connection.state.kind, 'untrusted');
    assert.equal(existsSync(path.join(project.path, '.sluice', 'state', 'daemon.json')), false);
  });

  it('refuses every command that starts or changes something, and says so', async () => {
    const project = await firstProject();
    const manifest = extension().packageJSON as Manifest;
    const acting = manifest.contributes.commands.filter(({ enablement }) => enablement?.includes('isWorkspaceTrusted') === true).map(({ command }) => command);
    assert.ok(acting.includes(commands.startDaemon) && acting.length > 10, acting.join());
    for (const command of acting) {
      const { result, asker } = await drive(command);
      assert.equal(result, undefined, command);
      assert.match(asker.told.join(), /Restricted Mode/, command);
    }
    assert.equal(project.connection.state.kind, 'untrusted');
    assert.equal(existsSync(path.join(project.path, '.sluice', 'state', 'daemon.json')), false);
  });

  it('shows what a daemon does that somebody else has started, and still changes nothing', async () => {
    const { app, views } = await sluice();
    const project = await firstProject();
    await watched(app, project);
    daemon = spawn(process.execPath, [path.join(extension().extensionPath, 'dist', 'daemon.js'), '--project', project.path], { stdio: 'ignore', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
    await becomes(project, 'connected');
    const labels = await until(
      'its queues are shown',
      async () => {
        const rows = (await views.queues.tree.getChildren()).map(labelOf);
        return rows.length > 0 ? rows : undefined;
      },
      mirrorChanges(app),
    );
    assert.ok(labels.includes('erp'), labels.join());
    const { asker } = await drive(commands.pauseQueue, { args: [{ folder: project.folder, queue: 'erp' }] });
    assert.match(asker.told.join(), /Restricted Mode/);
    assert.equal(project.mirror.queue('erp')?.paused, false);
  });
});
