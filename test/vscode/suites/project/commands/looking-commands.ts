import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { ProjectList } from '../../../../../client/projects.ts';
import { commands } from '../../../../../extension/base/ids.ts';
import { dashboardTabs } from '../../support/dashboard-tabs.ts';
import { labelOf } from '../../support/row-label.ts';
import { Shop } from '../../support/shop.ts';
import { drive, sluice } from '../../support/sluice.ts';
import { until } from '../../support/until.ts';

export function lookingCommands(): void {
  let shop: Shop;
  let run: string;
  let job: string;

  before(async () => {
    shop = await Shop.open();
    const [letter] = await shop.deadLetters(1);
    ({ run, id: job } = letter ?? { run: '', id: '' });
  });

  after(() => shop.close());

  it('open a run and a job that are chosen from lists', async () => {
    assert.match(String((await drive(commands.openRun, { answers: [{ pick: `order ${run}` }] })).result), new RegExp(`/${run}\\.jsonc`));
    assert.match(String((await drive(commands.openJob, { answers: [{ pick: job }] })).result), new RegExp(`/${job}\\.jsonc`));
  });

  it('open a workflow that is chosen', async () => {
    assert.match(String((await drive(commands.openWorkflow, { answers: [{ pick: 'Order' }] })).result), /order\.yaml$/);
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /^name: Order/);
  });

  it('open an attempt, and compare two, oldest on the left', async () => {
    await shop.daemon.call('dead/replay', { ids: [job] });
    await shop.jobOf(run, 'dead');
    const { result, asker } = await drive(commands.openAttempt, { args: [shop.target({ job })], answers: [{ pick: 'Attempt 2' }] });
    assert.deepEqual(asker.offered[0], ['Attempt 1', 'Attempt 2']);
    assert.match(decodeURI(String(result)), new RegExp(`${job} attempt 2`));
    await drive(commands.compareAttempts, { args: [shop.target({ job })], answers: [{ pick: 'Attempt 2' }, { pick: 'Attempt 1' }] });
    const input = await until('the comparison is open', () => diffInput(), (listener) => vscode.window.tabGroups.onDidChangeTabs(listener));
    assert.deepEqual([input.original.path, input.modified.path].map((path) => /attempt \d/.exec(path)?.[0]), ['attempt 1', 'attempt 2']);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('list the other projects of this machine, with what waits in them', async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'sluice-elsewhere-'));
    try {
      mkdirSync(path.join(elsewhere, '.sluice'));
      const list = new ProjectList();
      await list.remember(elsewhere);
      await list.remember(path.join(elsewhere, 'deleted'));
      const { asker } = await drive(commands.openProject, { answers: ['give up'] });
      assert.deepEqual(asker.offered.flat().filter((label) => label.startsWith('sluice-elsewhere-')), [path.basename(elsewhere)]);
      const { app } = await sluice();
      const own = app.projects.all.map((project) => project.path);
      assert.deepEqual(asker.offered.flat().filter((label) => own.some((folder) => path.basename(folder) === label)), []);
      const known = (await list.all()).map(({ folder }) => folder);
      assert.deepEqual(own.filter((folder) => !known.includes(folder)), [], 'a project whose daemon is connected is on the list');
      await list.forget([elsewhere, path.join(elsewhere, 'deleted')]);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it('open what failed in a run', async () => {
    assert.match(String((await drive(commands.openFailure, { args: [shop.target({ run })] })).result), new RegExp(`/${job}\\.jsonc`));
  });

  it('give the value of an expression in the run that was chosen for the workflow of the editor', async () => {
    await drive(commands.openWorkflow, { args: [shop.target({ file: '.sluice/workflows/order.yaml' })] });
    assert.equal((await drive(commands.chooseRun, { answers: [{ pick: run }] })).result, run);
    await drive(commands.evaluateExpression, { answers: [{ type: 'inputs.number + 41' }] });
    assert.equal(vscode.window.activeTextEditor?.document.getText().trim(), '42');
    await drive(commands.openWorkflow, { args: [shop.target({ file: '.sluice/workflows/order.yaml' })] });
    await drive(commands.chooseRun, { answers: [{ pick: 'The last run' }] });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('copy a job as JSON, and its call as cURL', async () => {
    assert.equal((await drive(commands.copyJob, { args: [shop.target({ job })] })).result, job);
    assert.equal((await drive(commands.copyAsCurl, { args: [shop.target({ job })] })).result, job);
  });

  it('draw everything again without losing a row', async () => {
    const before = shop.project.mirror.queues().map(({ name }) => name);
    await drive(commands.refresh);
    assert.deepEqual(shop.project.mirror.queues().map(({ name }) => name), before);
  });

  it('open the dashboard, one for the window, on the queue that is chosen', async () => {
    const { folder } = shop.target({});
    assert.deepEqual((await drive(commands.openDashboard, { args: [shop.target({ queue: 'erp' })] })).result, { range: '1h', folder, queue: 'erp' });
    await until('its panel is open', () => dashboardTabs().length === 1, (listener) => vscode.window.tabGroups.onDidChangeTabs(listener));
    assert.deepEqual((await drive(commands.openDashboard)).result, { range: '1h', folder, queue: 'erp' });
    assert.equal(dashboardTabs().length, 1);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('show of each view only what has the words that are typed', async () => {
    const { views } = await sluice();
    const cases = [
      [commands.filterQueues, views.queues, 'bulk'],
      [commands.filterRuns, views.runs, run],
      [commands.filterDeadLetters, views.deadLetters, 'no such error'],
    ] as const;
    for (const [command, { tree }, words] of cases) {
      const before = (await tree.getChildren()).map(labelOf);
      assert.equal((await drive(command, { answers: [{ pick: 'Words…' }, { type: words }] })).result, words);
      const rows = (await tree.getChildren()).map(labelOf);
      assert.notDeepEqual(rows, before);
      // Where nothing has them, one row says so.
      assert.ok(rows.every((row) => row.includes(words)), `${command}: ${rows.join()}`);
      await drive(command, { answers: [{ pick: 'Show Everything' }] });
      assert.deepEqual((await tree.getChildren()).map(labelOf), before);
    }
  });

  it('start the language server again', async () => {
    await drive(commands.restartLanguageServer);
  });

  it('show the log', async () => {
    await drive(commands.showLog);
  });
}

function diffInput(): vscode.TabInputTextDiff | undefined {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input : undefined;
}
