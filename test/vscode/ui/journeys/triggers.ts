import assert from 'node:assert/strict';
import { connectIfRunning } from '../../../../client/find-daemon.ts';
import type { Stage } from '../stage.ts';

const deals = `name: Deals
on:
  webhook:
    path: deals
    verify: none
    if: "\${{ trigger.body.stage == 'won' }}"
    inputs: { deal: "\${{ trigger.body.deal }}" }
inputs: { deal: { type: string } }
required: [deal]
steps:
  approve:
    uses: wait/signal
    with: { name: approve, payload: { comment: { type: string } } }
`;

/** What starts and continues runs from outside. */
export function triggersJourney(stage: () => Stage): void {
  it('a webhook is received: a person finds it below its workflow, opens it, is told what its run waits for, answers from there, and runs it again', async () => {
    const folder = await stage().folder('crm', { '.sluice/config.yaml': 'webhooks: { listen: "127.0.0.1:0" }\n', '.sluice/workflows/deals.yaml': deals });
    const window = await stage().window(folder);
    const { sideBar, prompt } = window;
    await window.command('Sluice: Start Daemon');
    await sideBar.open();
    const workflow = sideBar.row('Workflows', 'Deals');
    await sideBar.expand(workflow);
    await sideBar.expand(sideBar.row('Workflows', 'Deliveries'));
    await sideBar.row('Workflows', 'Nothing has been received yet').waitFor();
    const listen = await listensAt(folder);
    const post = async (step: string): Promise<number> => (await fetch(`http://${listen}/hooks/deals`, { method: 'POST', body: JSON.stringify({ stage: step, deal: 'Ada & Co' }), headers: { 'content-type': 'application/json' } })).status;
    assert.deepEqual([await post('won'), await post('lost')], [202, 202]);
    await sideBar.row('Workflows', 'd2').filter({ hasText: 'ignored' }).waitFor();
    const started = sideBar.row('Workflows', 'd1').filter({ hasText: 'started a run · r1' });
    await started.click();
    await window.editor('d1.jsonc');
    await window.shot('triggers-1-delivery');

    const asked = window.notification("deals (r1) waits for an answer to 'approve'.");
    await asked.waitFor();
    await window.shot('triggers-3-asked');
    await window.act(asked, 'Answer…');
    await prompt.asks('comment');
    await prompt.type('a good customer');
    await prompt.accept();
    await confirm(/Answer 'approve' of r1\?/, 'Answer');
    await sideBar.row('Runs', 'deals r1').filter({ hasText: 'succeeded' }).waitFor();

    await sideBar.act(started, 'Run Delivery Again');
    await confirm(/Run the delivery d1 of deals again\?/, 'Run Again');
    await window.notification('d3 started r2').waitFor();
    await sideBar.row('Workflows', 'd3').filter({ hasText: 'started a run · r2' }).waitFor();
    await window.shot('triggers-2-again');
    assert.deepEqual(window.troubles, []);

    async function confirm(question: RegExp, verb: string): Promise<void> {
      const dialog = window.page.locator('.monaco-dialog-box', { hasText: question });
      await dialog.getByRole('button', { name: verb, exact: true }).click();
    }
  });
}

async function listensAt(folder: string): Promise<string> {
  const connected = await connectIfRunning(folder);
  assert.ok(connected !== undefined, 'no daemon runs');
  try {
    const { webhooks } = await connected.client.call('daemon/status', {});
    assert.ok(webhooks?.listen !== undefined, JSON.stringify(webhooks));
    return webhooks.listen;
  } finally {
    await connected.client.close();
  }
}
