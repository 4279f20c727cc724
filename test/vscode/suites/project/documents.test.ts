import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../../../extension/base/ids.ts';
import { ScriptedAsker, type Answer } from '../support/scripted-asker.ts';
import { Shop } from '../support/shop.ts';
import { drive } from '../support/sluice.ts';
import { until } from '../support/until.ts';

describe('documents', () => {
  let shop: Shop;

  before(async () => {
    shop = await Shop.open();
  });

  after(() => shop.close());

  it('are there for a run, a job and an attempt, to be read, with links from one to the other', async () => {
    const run = await shop.order();
    await shop.runIs(run, 'failed');
    const job = (await shop.jobOf(run, 'dead')).id;
    await drive(commands.openJob, { args: [shop.target({ job })] });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.languageId, 'jsonc');
    assert.match(editor.document.getText(), /There is no currency EURO/);
    assert.notEqual(vscode.workspace.fs.isWritableFileSystem(editor.document.uri.scheme), true);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', editor.document.uri);
    const toRun = links.find(({ target }) => target?.path === `/${run}.jsonc`);
    assert.ok(toRun?.target !== undefined);
    const opened = await vscode.workspace.openTextDocument(toRun.target);
    assert.match(opened.getText(), /"workflow": "order"/);
    await drive(commands.openAttempt, { args: [shop.target({ job, attempt: 1 })] });
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /"number": 1/);
  });

  it('show the payload of a dead letter; what is saved is a draft of the daemon, beside the original', async () => {
    const { document, job } = await openDeadLetter();
    assert.deepEqual((JSON.parse(document.getText()) as { readonly json: unknown }).json, { order: 1, currency: 'EURO' });
    await replaceIn(document, 'EURO', 'CHF');
    assert.equal(await document.save(), true);
    const reopened = Buffer.from(await vscode.workspace.fs.readFile(document.uri)).toString('utf8');
    assert.match(reopened, /CHF/);
    const { payload, revisions } = await shop.daemon.call('job/get', { id: job });
    assert.match(JSON.stringify(payload), /EURO/);
    assert.deepEqual(revisions.map(({ revision, draft }) => [revision, draft]), [[1, undefined], [2, true]]);
    assert.deepEqual(shop.app.deadLetterFiles.states().edited, [document.uri.toString()]);
  });

  it('follow what another window saves, and ask before they overwrite it', async () => {
    const { document, job } = await openDeadLetter();
    const { payload } = await shop.daemon.call('job/get', { id: job });
    const theirs = async (currency: string): Promise<unknown> => shop.daemon.call('draft/save', { id: job, payload: { ...(payload as object), json: { order: 1, currency } }, savedBy: 'ada' });
    await theirs('CHF');
    await until('the editor shows it', () => document.getText().includes('CHF'), (listener) => vscode.workspace.onDidChangeTextDocument(listener));
    await replaceIn(document, 'CHF', 'GBP');
    await theirs('SEK');
    const save = async (...answers: readonly Answer[]): Promise<{ readonly isSaved: boolean; readonly asker: ScriptedAsker }> => {
      const asker = new ScriptedAsker(answers);
      const before = shop.app.ask;
      shop.app.ask = asker;
      try {
        return { isSaved: await document.save(), asker };
      } finally {
        shop.app.ask = before;
      }
    };
    const kept = async (): Promise<string> => JSON.stringify((await shop.daemon.call('job/get', { id: job })).revisions.at(-1)?.payload);
    const refused = await save('give up');
    assert.deepEqual([refused.isSaved, refused.asker.asked], [false, [`The payload of ${job} has changed since it was opened: another edit of it was saved by ada.`]]);
    assert.match(await kept(), /SEK/);
    assert.equal((await save({ decide: 'Overwrite' })).isSaved, true);
    assert.match(await kept(), /GBP/);
    await replaceIn(document, 'GBP', 'DKK');
    await theirs('SEK');
    assert.equal((await save({ decide: 'Compare' })).isSaved, false);
    await until('theirs is shown beside it', () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff, (listener) => vscode.window.tabGroups.onDidChangeTabs(listener));
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await until('the editor shows theirs', () => document.getText().includes('SEK'), (listener) => vscode.workspace.onDidChangeTextDocument(listener));
    await drive(commands.dropDraft, { args: [document.uri], answers: [{ confirm: true }] });
    await until('the editor shows the original', () => document.getText().includes('EURO'), (listener) => vscode.workspace.onDidChangeTextDocument(listener));
  });

  it('check a payload by what its action takes, while it is typed', async () => {
    const { document } = await openDeadLetter();
    await replaceIn(document, '"method"', '"methode"');
    const problem = await until(
      'the key is reported',
      () => vscode.languages.getDiagnostics(document.uri).find(({ message }) => message.includes('methode')),
      (listener) => vscode.languages.onDidChangeDiagnostics(listener),
    );
    assert.equal(problem.range.start.line, 1);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('are replayed with what was edited: a new revision goes out, the run succeeds, and the document can only be read from then on', async () => {
    const { document, job, run } = await openDeadLetter();
    await replaceIn(document, 'EURO', 'EUR');
    const { result, asker } = await drive(commands.replayEdited);
    assert.equal(result, 1);
    assert.match(asker.told.join(), /^Replayed the dead letter with its edited payload\. It succeeded\.$/);
    await shop.runIs(run, 'succeeded');
    assert.match(shop.erp.requests.at(-1)?.body ?? '', /"EUR"/);
    const { revisions, attempts } = await shop.daemon.call('job/get', { id: job });
    assert.deepEqual([revisions.length, attempts.map(({ state }) => state)], [2, ['failed', 'succeeded']]);
    assert.equal((await vscode.workspace.fs.stat(document.uri)).permissions, vscode.FilePermission.Readonly);
    assert.equal(shop.app.deadLetterFiles.states().dead.includes(document.uri.toString()), false, 'its title buttons are gone');
    await assert.rejects(async () => vscode.workspace.fs.writeFile(document.uri, Buffer.from('{}')), /no longer a dead letter|read-?only|NoPermissions/i);
  });

  it('save and send nothing that the action would not take', async () => {
    const { document, job } = await openDeadLetter();
    for (const text of ['[1, 2', '{"method": "GET"}']) {
      await replaceIn(document, document.getText(), text);
      assert.equal((await drive(commands.replayEdited)).result, undefined);
      await assert.rejects(async () => vscode.workspace.fs.writeFile(document.uri, Buffer.from(text)), /not valid JSON|can't be sent by http\/request/);
    }
    assert.deepEqual((await shop.daemon.call('job/get', { id: job })).revisions.length, 1);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it("are checked and completed by VS Code's JSON support, with the schema of their action", async () => {
    const { document } = await openDeadLetter();
    await replaceIn(document, '"currency": "EURO"', '"currency": "EUR"');
    await replaceIn(document, '"method": "POST"', '"method": "POTS"');
    const found = await until('the wrong method is found', () => problemsOf(document).find(({ message }) => /POST/.test(message)), (listener) => vscode.languages.onDidChangeDiagnostics(listener));
    assert.match(document.getText(found.range), /POTS/);
    await replaceIn(document, document.getText(), '{\n  "url": "https://a.example",\n  \n}\n');
    const list = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', document.uri, new vscode.Position(2, 2));
    const headers = list.items.find(({ label }) => (typeof label === 'string' ? label : label.label) === 'headers');
    assert.ok(headers?.documentation instanceof vscode.MarkdownString);
    assert.match(headers.documentation.value, /Request headers/);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('compare what was edited with the original, side by side', async () => {
    const { document, run } = await openDeadLetter();
    await replaceIn(document, 'EURO', 'GBP');
    await document.save();
    await drive(commands.compareDeadLetter);
    const tab = await until('the comparison is open', () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff, (listener) => vscode.window.tabGroups.onDidChangeTabs(listener));
    assert.equal(tab, true);
    const { original, modified } = vscode.window.tabGroups.activeTabGroup.activeTab?.input as vscode.TabInputTextDiff;
    const textOf = async (uri: vscode.Uri): Promise<string> => (await vscode.workspace.openTextDocument(uri)).getText();
    assert.deepEqual([/EURO/.test(await textOf(original)), /GBP/.test(await textOf(modified))], [true, true]);
    // Sent, and succeeded: both sides stay what they were.
    await drive(commands.replayEdited, { args: [document.uri] });
    await shop.jobOf(run, 'succeeded');
    assert.deepEqual([/EURO/.test(await textOf(original)), /GBP/.test(Buffer.from(await vscode.workspace.fs.readFile(modified)).toString())], [true, true]);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  function problemsOf({ uri }: vscode.TextDocument): readonly vscode.Diagnostic[] {
    return vscode.languages.getDiagnostics(uri);
  }

  async function openDeadLetter(): Promise<{ readonly document: vscode.TextDocument; readonly job: string; readonly run: string }> {
    const [letter] = await shop.deadLetters(1);
    assert.ok(letter !== undefined);
    await drive(commands.openDeadLetter, { args: [shop.target({ job: letter.id })] });
    const document = vscode.window.activeTextEditor?.document;
    assert.ok(document !== undefined && document.uri.path.endsWith(`/${letter.id} payload.json`));
    return { document, job: letter.id, run: letter.run };
  }
});

async function replaceIn(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const start = document.getText().indexOf(from);
  assert.notEqual(start, -1, `${from} is not in ${document.getText()}`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(start + from.length)), to);
  assert.equal(await vscode.workspace.applyEdit(edit), true);
}
