import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../../extension/base/ids.ts';
import type { TreeNode } from '../../../../../extension/views/tree-node.ts';
import { labelOf } from '../../support/row-label.ts';
import { Shop } from '../../support/shop.ts';
import { drive, mirrorChanges, sluice } from '../../support/sluice.ts';
import { until, type Listen } from '../../support/until.ts';

const hook = `name: Hook
on:
  webhook:
    path: hook
    verify: none
    if: "\${{ trigger.body.stage == 'won' }}"
    inputs: { deal: "\${{ trigger.body.deal }}" }
inputs: { deal: { type: string } }
required: [deal]
steps:
  wait: { uses: wait/for, with: { duration: 1ms } }
`;

const nightly = `name: Nightly
on:
  schedule:
    - { cron: "0 3 1 1 *", timezone: Europe/Berlin }
steps:
  wait: { uses: wait/for, with: { duration: 1ms } }
`;

const approval = `name: Approval
steps:
  approve:
    uses: wait/signal
    with: { name: approve, payload: { comment: { type: string } } }
`;

export function deliveryCommands(): void {
  let shop: Shop;
  let tree: Awaited<ReturnType<typeof sluice>>['views']['workflows']['tree'];
  let files: ReadonlyMap<string, string>;

  before(async () => {
    shop = await Shop.open();
    ({ tree } = (await sluice()).views.workflows);
    const inProject = (file: string): string => path.join(shop.project.path, '.sluice', file);
    files = new Map([[inProject('workflows/hook.yaml'), hook], [inProject('workflows/approval.yaml'), approval], [inProject('workflows/nightly.yaml'), nightly], [inProject('config.yaml'), 'webhooks: { listen: "127.0.0.1:0" }\n']]);
    for (const [file, text] of files) await writeFile(file, text);
  });

  after(async () => {
    for (const file of files.keys()) await rm(file, { force: true });
    await shop.close();
  });

  it('show what a webhook has received, open it, run it again, and use its inputs', async () => {
    await shop.daemon.call('workflow/list', {});
    const listen = await until('webhooks are received', () => shop.project.mirror.status?.webhooks?.listen, mirrorChanges(shop.app));
    await drive(commands.refresh);
    const node = await rowOf('Deliveries', await rowOf('Hook'));
    assert.deepEqual((await rows(node)).map(labelOf), ['Nothing has been received yet']);
    const post = async (body: unknown): Promise<number> => (await fetch(`http://${listen}/hooks/hook`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })).status;
    assert.deepEqual([await post({ stage: 'won', deal: 'Ada & Co' }), await post({ stage: 'lost', deal: 'Bob' })], [202, 202]);
    const [ignored, started] = await until('both are below the workflow', async () => ((await rows(node)).length === 2 ? rows(node) : undefined), drawn);
    assert.match(String(ignored?.item().description), /^ignored · /);
    assert.match(String(ignored?.item().accessibilityInformation?.label), /^delivery d\d+ to hook, ignored, /);
    assert.match(String(started?.item().description), /^started a run · r\d+ · /);
    assert.notDeepEqual(ignored?.item().iconPath, started?.item().iconPath);

    const opened = await drive(commands.openDelivery, { args: [started] });
    assert.match(String(opened.result), new RegExp(`/${labelOf(started)}\\.jsonc`));
    const text = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.match(text, /^\/\/ Delivery: d\d+ to hook\n[^]*\/\/ Outcome: started a run\n[^]*"deal": "Ada & Co"/);

    assert.equal((await drive(commands.rerunDelivery, { args: [started], answers: [{ confirm: false }] })).result, undefined);
    const again = await drive(commands.rerunDelivery, { args: [started], answers: [{ confirm: true }] });
    assert.match(again.asker.confirmations[0]?.detail ?? '', /has started r\d+ already/);
    assert.match(again.asker.told.join(), /^d\d+ started r\d+\.$/);
    const { run = '', rerunOf } = await shop.daemon.call('delivery/get', { id: String(again.result) });
    assert.equal(rerunOf, labelOf(started));
    await shop.runIs(run, 'succeeded');
    await until('it is below the workflow too', async () => labelOf((await rows(node))[0]) === again.result, drawn);

    const used = await drive(commands.useDeliveryInputs, { args: [started], answers: [{ pick: 'Run' }] });
    assert.deepEqual((await shop.daemon.call('run/get', { id: String(used.result) })).inputs, { deal: 'Ada & Co' });
    await shop.runIs(String(used.result), 'succeeded');
    const none = await drive(commands.useDeliveryInputs, { args: [ignored] });
    assert.deepEqual([none.result, none.asker.told], [undefined, [`${labelOf(ignored)} started no run, so it has no inputs.`]]);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('send a sample file to a webhook, offer the last one again, and save what was received as one', async () => {
    const sample = path.join(shop.project.path, 'won.json');
    const saved = path.join(shop.project.path, 'saved.json');
    try {
      await writeFile(sample, JSON.stringify({ headers: { 'X-Kind': 'deal' }, body: { stage: 'won', deal: 'Cleo' } }));
      const hookRow = await rowOf('Hook');
      assert.match(String(hookRow.item().contextValue), /\bhasWebhook\b/);
      const sent = await drive(commands.sendSampleDelivery, { args: [hookRow], answers: [{ file: sample }] });
      assert.match(sent.asker.told.join(), /^It was answered 202: d\d+ started r\d+\.$/);
      const kept = await shop.daemon.call('delivery/get', { id: String(sent.result) });
      assert.deepEqual([kept.body, kept.headers['x-kind'], kept.outcome], [{ stage: 'won', deal: 'Cleo' }, 'deal', 'started']);
      assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', new RegExp(`^// Delivery: ${String(sent.result)} to hook\\n`));

      await drive(commands.saveDeliveryAsSample, { args: [shop.target({ delivery: String(sent.result) })], answers: [{ file: saved }] });
      assert.deepEqual(JSON.parse(await readFile(saved, 'utf8')), { headers: { 'content-type': 'application/json', 'x-kind': 'deal' }, body: { stage: 'won', deal: 'Cleo' } });

      // By the palette: the workflow is asked for, and of those with a webhook only. The body alone is a sample too.
      await writeFile(sample, '{ "stage": "lost" }');
      const again = await drive(commands.sendSampleDelivery, { answers: [{ pick: 'Hook' }, { pick: 'won.json' }] });
      assert.deepEqual(again.asker.offered, [['Hook'], ['won.json', 'Another File…']]);
      assert.match(again.asker.told.join(), /^It was answered 202: d\d+ started no run\.$/);
      await writeFile(sample, '{ "stage": ');
      const broken = await drive(commands.sendSampleDelivery, { args: [hookRow], answers: [{ pick: 'won.json' }] });
      assert.match(broken.asker.told.join(), /^won\.json is not a sample: /);
      const none = await drive(commands.sendSampleDelivery, { args: [await rowOf('Approval')] });
      assert.match(none.asker.told.join(), /^The workflow approval has no webhook/);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    } finally {
      await rm(sample, { force: true });
      await rm(saved, { force: true });
    }
  });

  it('pause and resume a schedule by its row, which says when it starts a run next', async () => {
    await drive(commands.refresh);
    await until('the schedule has a row', async () => (await rows(await rowOf('Nightly'))).length > 0, drawn);
    const row = await rowOf('0 3 1 1 *', await rowOf('Nightly'));
    assert.match(String(row.item().description), /^Europe\/Berlin · next in \d+d/);
    assert.match(String(row.item().accessibilityInformation?.label), /^schedule 0 3 1 1 \* of nightly, /);
    const paused = await drive(commands.pauseSchedule, { args: [row] });
    assert.match(paused.asker.told.join(), /^The schedule 0 3 1 1 \* of nightly is paused/);
    await until('its row says so', async () => (await rowOf('0 3 1 1 *', await rowOf('Nightly'))).item().contextValue === 'schedule paused', drawn, mirrorChanges(shop.app));
    await drive(commands.resumeSchedule, { answers: [{ pick: 'nightly 0 3 1 1 *' }] });
    assert.equal((await shop.daemon.call('schedule/list', { workflow: 'nightly' })).schedules[0]?.paused, false);
  });

  it('answer a step that waits: the form of its payload is asked, and the run goes on', async () => {
    const { id: run } = await shop.daemon.call('run/start', { workflow: 'approval', inputs: {} });
    const { id: job } = await shop.jobOf(run, 'delayed');
    const { result, asker } = await drive(commands.answerSignal, { args: [shop.target({ job })], answers: [{ type: 'fine' }, { confirm: true }] });
    assert.equal(result, run);
    assert.match(asker.confirmations[0]?.question ?? '', new RegExp(`Answer 'approve' of ${run}\\?`));
    await shop.runIs(run, 'succeeded');
    const { output } = await shop.daemon.call('job/get', { id: job });
    assert.match(JSON.stringify(output), /"comment":"fine"/);
    assert.deepEqual((await drive(commands.answerSignal, { args: [shop.target({ job })] })).asker.told, ['Nothing waits for an answer here.']);
  });

  const drawn: Listen = (listener) => tree.onDidChangeTreeData(listener);

  async function rows(parent?: TreeNode): Promise<readonly TreeNode[]> {
    return tree.getChildren(parent);
  }

  async function rowOf(label: string, parent?: TreeNode): Promise<TreeNode> {
    const all = await rows(parent);
    const found = all.find((row) => labelOf(row) === label);
    assert.ok(found !== undefined, `no ${label} in ${all.map(labelOf).join(', ')}`);
    return found;
  }
}
