import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands, settings } from '../../../../extension/base/ids.ts';
import { Shop } from '../support/shop.ts';
import { drive } from '../support/sluice.ts';
import { until, type Listen } from '../support/until.ts';

describe('live numbers in a workflow', () => {
  let shop: Shop;
  let document: vscode.TextDocument;
  let run: string;

  before(async () => {
    shop = await Shop.open();
    [run = ''] = (await shop.deadLetters(1)).map((letter) => letter.run);
    document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(vscode.Uri.parse(shop.project.folder), '.sluice/workflows/order.yaml'));
    await vscode.window.showTextDocument(document);
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await shop.close();
  });

  const lenses = async (): Promise<readonly vscode.CodeLens[]> => vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
  const titles = async (): Promise<readonly string[]> => (await lenses()).map(({ command }) => command?.title ?? '');
  const marks = (): readonly vscode.Diagnostic[] => vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'sluice run');
  const diagnosticChanges: Listen = (listener) => vscode.languages.onDidChangeDiagnostics(listener);

  it('belong to the language of the file', () => {
    assert.equal(document.languageId, 'sluice');
  });

  it('stand above the workflow and its step: run, last result, what failed', async () => {
    const shown = await until('the last run is shown', async () => ((await titles()).some((title) => title.startsWith(`${run} failed`)) ? titles() : undefined), diagnosticChanges);
    assert.equal(shown[0], '$(play) Run');
    assert.ok(shown.some((title) => title === `${run}: failed · 422 Unprocessable Entity`), shown.join(' / '));
    const step = (await lenses()).find(({ command }) => command?.title.startsWith(`${run}: failed`) === true);
    assert.equal(step?.command?.command, commands.openFailure);
  });

  it('mark the failure at the line of its step, with a way to its dead letter', async () => {
    // An earlier one may still are there, as the file may have been open before.
    const mark = await until('the failure is marked', () => marks().find(({ message }) => message.startsWith(`${run}:`)), diagnosticChanges);
    assert.match(mark.message, new RegExp(`^${run}: Its job is a dead letter\\. .*422`));
    assert.equal(document.getText(mark.range), 'invoice');
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document.uri, mark.range);
    const open = actions.find(({ command }) => command?.command === commands.openFailure);
    assert.ok(open?.command !== undefined, actions.map(({ title }) => title).join(' / '));
    const { result } = await drive(commands.openFailure, { args: open.command.arguments ?? [] });
    assert.match(decodeURIComponent(String(result)), /\/j\d+\.jsonc/);
    await vscode.window.showTextDocument(document);
  });

  it('show the value of an expression in a hover, and evaluate any other', async () => {
    const at = document.positionAt(document.getText().indexOf('inputs.number') + 'inputs.nu'.length);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, at);
    const text = hovers.flatMap(({ contents }) => contents.flatMap((content) => (content instanceof vscode.MarkdownString ? [content.value] : []))).join('\n');
    assert.match(text, new RegExp(`In ${run} .*\\n+\`\`\`json\\n1\\n`));
    const { result } = await drive(commands.evaluateExpression, { answers: [{ type: 'inputs.number + 41' }] });
    const opened = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === result);
    assert.deepEqual([opened?.getText(), opened?.languageId], ['42\n', 'json']);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await vscode.window.showTextDocument(document);
    const { asker } = await drive(commands.evaluateExpression, { answers: [{ type: 'inputs.numbre' }] });
    assert.match(asker.told.join(), /has no value/);
  });

  it('show the values of another run, where one is chosen', async () => {
    const other = await shop.order(7);
    await shop.runIs(other, 'failed');
    assert.equal((await drive(commands.chooseRun, { answers: [{ pick: run }] })).result, run);
    const { result } = await drive(commands.evaluateExpression, { answers: [{ type: 'inputs.number' }] });
    assert.equal(vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === result)?.getText(), '1\n');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await vscode.window.showTextDocument(document);
    await drive(commands.chooseRun, { answers: [{ pick: 'The last run' }] });
  });

  it('go where the settings say so', async () => {
    const configuration = vscode.workspace.getConfiguration(settings.section);
    const set = async (value: boolean | undefined): Promise<void> => {
      await configuration.update(settings.codeLens, value, vscode.ConfigurationTarget.Global);
      await configuration.update(settings.failureDiagnostics, value, vscode.ConfigurationTarget.Global);
    };
    assert.ok((await titles()).length > 0, 'a control');
    await set(false);
    try {
      await until('the marks are gone', () => marks().length === 0 || undefined, diagnosticChanges);
      assert.deepEqual((await titles()).filter((title) => title.includes('Run') || title.includes(run)), []);
    } finally {
      await set(undefined);
    }
  });

  it('go when what failed has been replayed and succeeds', async () => {
    const last = await shop.order(8);
    await shop.runIs(last, 'failed');
    const isMarked = (): boolean => marks().some(({ message }) => message.startsWith(`${last}:`));
    await until('the failure is marked', isMarked, diagnosticChanges);
    const { id } = await shop.jobOf(last, 'dead');
    const { payload } = await shop.daemon.call('job/get', { id });
    await shop.daemon.call('dead/replay', { ids: [id], payload: JSON.parse(JSON.stringify(payload).replace('EURO', 'EUR')) as unknown });
    await until('the mark is gone', () => !isMarked(), diagnosticChanges);
  });
});
