import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../../extension/base/ids.ts';
import { mirrorChanges } from '../../support/sluice.ts';
import { until } from '../../support/until.ts';
import { Shop } from '../../support/shop.ts';
import { drive } from '../../support/sluice.ts';

export function runCommands(): void {
  let shop: Shop;

  before(async () => {
    shop = await Shop.open();
  });

  after(() => shop.close());

  it('run a workflow: what has to be given is asked first, the run is told, and leads to its document', async () => {
    const { result, asker } = await drive(commands.runWorkflow, { answers: [{ pick: 'Order' }, { type: shop.erp.url }, { pick: 'Run' }], takes: 'Open Run' });
    assert.match(String(result), /^r\d+$/);
    assert.match(asker.asked[1] ?? '', /Address of the ERP/);
    assert.match(asker.told.join(), new RegExp(`Order runs as ${String(result)}`));
    await shop.runIs(String(result), 'failed');
  });

  it('run it again with what was given the last time, or with something else', async () => {
    const { result } = await drive(commands.runWorkflow, {
      args: [shop.target({ workflow: 'order' })],
      answers: [{ pick: 'number' }, { type: '42' }, { pick: 'urgent' }, { pick: 'true' }, { pick: 'Run' }],
    });
    const { inputs } = await shop.daemon.call('run/get', { id: String(result) });
    assert.deepEqual(inputs, { url: shop.erp.url, number: 42, urgent: true });
    await shop.runIs(String(result), 'failed');
  });

  it('make a workflow from a template, which is in order and in the editor', async () => {
    const { result } = await drive(commands.createWorkflow, { answers: [{ pick: 'One HTTP call' }, { type: 'Spring call' }] });
    assert.match(String(result), /workflows\/spring_call\.yaml$/);
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), result);
    const { diagnostics } = await shop.daemon.call('workflow/validate', {});
    assert.deepEqual(diagnostics.filter(({ file, severity }) => file.includes('spring_call') && severity === 'error'), []);
    await vscode.workspace.fs.delete(vscode.Uri.parse(String(result)));
  });

  it('start nothing if a person gives up', async () => {
    const before = await shop.daemon.call('run/list', { limit: 1 });
    const { result } = await drive(commands.runWorkflow, { args: [shop.target({ workflow: 'batch' })], answers: [{ type: shop.erp.url }, 'give up'] });
    assert.equal(result, undefined);
    assert.deepEqual((await shop.daemon.call('run/list', { limit: 1 })).runs[0]?.id, before.runs[0]?.id);
  });

  it('run the file of the editor, saved first, with a list from a file', async () => {
    const uri = vscode.Uri.joinPath(vscode.Uri.parse(shop.project.folder), '.sluice/workflows/batch.yaml');
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(document.lineCount, 0), '# edited\n');
    await vscode.workspace.applyEdit(edit);
    const list = path.join(await mkdtemp(path.join(tmpdir(), 'list-')), 'items.csv');
    await writeFile(list, 'id\none\ntwo\n');
    const { result } = await drive(commands.runFile, { answers: [{ type: shop.erp.url }, { pick: 'From a file' }, { file: list }, { pick: 'The first call' }, { pick: 'Run' }] });
    assert.equal(document.isDirty, false);
    assert.match(vscode.window.visibleTextEditors.map((editor) => editor.document.getText()).join('\n'), /"one"/, 'the first call as it is sent');
    await shop.runIs(String(result), 'succeeded');
    assert.equal((await shop.daemon.call('run/get', { id: String(result) })).jobs.total, 2);
  });

  it('try the first five of a file, and then the rest: each key once', async () => {
    const list = path.join(await mkdtemp(path.join(tmpdir(), 'list-')), 'items.csv');
    await writeFile(list, `id\n${['a', 'b', 'a', 'c', 'd', 'e', 'f', 'a', 'g'].join('\n')}\n`);
    const before = (await shop.daemon.call('run/list', { limit: 1 })).runs[0]?.id;
    const looked = await drive(commands.runWorkflow, {
      args: [shop.target({ workflow: 'batch' })],
      answers: [{ pick: 'items' }, { pick: 'From a file' }, { file: list }, 'give up'],
    });
    assert.deepEqual(looked.asker.offered.at(-1)?.filter((label) => /duplicate|Try|: \d+ jobs/.test(label)), ['$(beaker) Try the First 5', '$(list-unordered) each: 7 jobs', '$(copy) 2 duplicates are left out']);
    assert.equal((await shop.daemon.call('run/list', { limit: 1 })).runs[0]?.id, before, 'looking starts nothing');

    const { result } = await drive(commands.runWorkflow, {
      args: [shop.target({ workflow: 'batch' })],
      answers: [{ pick: 'items' }, { pick: 'From a file' }, { file: list }, { pick: 'Try' }],
    });
    const run = String(result);
    await until('the first five have succeeded', () => { const { jobs, heldAfter } = shop.project.mirror.run(run) ?? {}; return heldAfter === 5 && jobs?.succeeded === 5; }, mirrorChanges(shop.app));
    assert.equal(shop.project.mirror.run(run)?.state, 'running');
    await drive(commands.continueRun, { args: [shop.target({ run })] });
    await shop.runIs(run, 'succeeded');
    const { jobs } = await shop.daemon.call('job/list', { run, limit: 100 });
    assert.deepEqual(jobs.map(({ key }) => key).toSorted(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('keep what was given where something of it does not fit, and say what', async () => {
    const { asker } = await drive(commands.runWorkflow, {
      args: [shop.target({ workflow: 'batch' })],
      answers: [{ pick: 'items' }, { pick: 'Type' }, { type: '[{ "id": "a" }, { "id": 7 }]' }, { pick: 'items' }, { pick: 'Type' }, { type: '[{ "id": "a" }, { "id": "7" }]' }, 'give up'],
    });
    assert.match(asker.offered[3]?.[0] ?? '', /'items\[1\]\.id' is text, not a number/);
    assert.ok(!(asker.offered[3] ?? []).some((label) => label.includes('Run')), 'what does not fit is not run');
    assert.match(asker.offered[6]?.[0] ?? '', /Run/);
  });

  it('say what to do where the editor shows no workflow', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const { asker } = await drive(commands.runFile);
    assert.match(asker.told.join(), /Open a workflow/);
  });

  it('cancel a run after asking, with the number of its open jobs', async () => {
    shop.erp.hold();
    const run = await shop.batch(30);
    await shop.jobOf(run, 'active');
    const { asker } = await drive(commands.cancelRun, { args: [shop.target({ run })], answers: [{ confirm: true }] });
    assert.match(asker.confirmations[0]?.detail ?? '', /^30 of its jobs are still open/);
    await shop.runIs(run, 'cancelled');
    shop.erp.release();
  });

  it('cancel several runs after asking once, and tell which of them had ended', async () => {
    const ended = await shop.batch(1);
    await shop.runIs(ended, 'succeeded');
    shop.erp.hold();
    const runs = [await shop.batch(3), await shop.batch(4)];
    for (const run of runs) await shop.jobOf(run, 'active');
    const rows = [ended, ...runs].map((run) => ({ target: shop.target({ run }) }));
    const refused = await drive(commands.cancelRun, { args: [rows[0], rows], answers: [{ confirm: false }] });
    assert.equal(refused.result, undefined);
    const { result, asker } = await drive(commands.cancelRun, { args: [rows[0], rows], answers: [{ confirm: true }] });
    assert.deepEqual(asker.confirmations.map(({ question }) => question), ['Cancel 2 runs?']);
    assert.match(asker.confirmations[0]?.detail ?? '', /still open: 7\./);
    assert.deepEqual(result, { total: 3, done: 2, skipped: 1, isCancelled: false });
    assert.deepEqual(asker.told, ['Runs cancelled: 2 of 3. Had ended by then: 1.']);
    assert.deepEqual(await shop.lastBulk(), ['cancel-runs', 'done', 2], 'a closed window would not have kept it from its end');
    for (const run of runs) await shop.runIs(run, 'cancelled');
    shop.erp.release();
  });

  it('cancel several jobs after asking once, and continue where one of them had ended', async () => {
    const ended = await shop.batch(1);
    const over = await shop.jobOf(ended, 'succeeded');
    shop.erp.hold();
    const run = await shop.batch(5);
    await shop.jobOf(run, 'active');
    const { jobs } = await shop.daemon.call('job/list', { run, limit: 3 });
    const rows = [over, ...jobs].map(({ id }) => ({ target: shop.target({ job: id }) }));
    const { result, asker } = await drive(commands.cancelJob, { args: [rows[0], rows], answers: [{ confirm: true }] });
    assert.deepEqual(asker.confirmations.map(({ question }) => question), ['Cancel 4 jobs?']);
    assert.equal(result, 3);
    assert.deepEqual(asker.told, ['Jobs cancelled: 3 of 4. Had ended by then: 1.']);
    assert.deepEqual(await shop.lastBulk(), ['cancel', 'done', 3]);
    assert.ok((await shop.jobOf(run, 'cancelled')).endedAt !== undefined);
    shop.erp.release();
  });

  it('cancel a job that is chosen from those that are not over', async () => {
    shop.erp.hold();
    const run = await shop.order(3);
    const job = await shop.jobOf(run, 'active');
    const { result, asker } = await drive(commands.cancelJob, { answers: [{ pick: job.id }, { confirm: true }] });
    assert.equal(result, 1, asker.offered.join());
    await shop.jobOf(run, 'cancelled');
    assert.equal((await shop.daemon.call('job/get', { id: job.id })).state, 'cancelled');
    shop.erp.release();
  });
}
