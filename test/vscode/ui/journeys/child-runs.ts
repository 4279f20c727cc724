import assert from 'node:assert/strict';
import { connectIfRunning } from '../../../../client/find-daemon.ts';
import type { Stage } from '../stage.ts';

const onboard = `name: Onboard
inputs: { does: { enum: [end, fail, wait] } }
required: [does]
queues: { onboarding: { concurrency: 100 } }
steps:
  done: { queue: onboarding, if: "\${{ inputs.does == 'end' }}", uses: wait/for, with: { duration: 1ms } }
  late: { queue: onboarding, if: "\${{ inputs.does == 'fail' }}", uses: wait/signal, with: { name: late, timeout: 1ms } }
  open: { queue: onboarding, if: "\${{ inputs.does == 'wait' }}", uses: wait/signal, with: { name: open } }
`;

const campaign = `name: Campaign
inputs: { list: { type: array } }
required: [list]
queues: { starting: { concurrency: 100 } }
steps:
  each:
    queue: starting
    foreach: { items: "\${{ inputs.list }}", as: contact, key: "\${{ contact.id }}", on-item-failure: continue }
    uses: workflow/run
    with: { workflow: onboard, inputs: { does: "\${{ contact.does }}" } }
`;

const count = 20_000;

/** Twenty thousand runs of one run. */
export function childRunsJourney(stage: () => Stage): void {
  it(`a run starts ${count} others: a person finds those that failed below it, and what they failed of`, async () => {
    const folder = await stage().folder('campaigns', { '.sluice/workflows/campaign.yaml': campaign, '.sluice/workflows/onboard.yaml': onboard });
    const window = await stage().window(folder);
    const { sideBar } = window;
    await window.command('Sluice: Start Daemon');
    await sideBar.open();
    await sideBar.row('Workflows', 'Campaign').waitFor();
    const does = (n: number): string => (n % 7000 === 6999 ? 'fail' : n % 5000 === 0 ? 'wait' : 'end');
    const run = await start(folder, Array.from({ length: count }, (_, n) => ({ id: `contact-${n}@example.com`, does: does(n) })));
    const row = sideBar.row('Runs', `campaign ${run}`);
    await row.waitFor();
    await row.filter({ hasText: '19,996 of 20,000' }).waitFor();
    assert.equal(await sideBar.rows('Runs').count(), 1, 'the list of runs has the one above them only');
    await sideBar.expand(row);
    const below = sideBar.row('Runs', '20,000 child runs').filter({ hasText: '2 failed · 4 running · 19,994 succeeded' });
    await sideBar.expand(below);
    await sideBar.row('Runs', 'contact-13999').filter({ hasText: 'failed' }).waitFor();
    await window.shot('child-runs-1-below');
    const failed = sideBar.row('Runs', 'contact-6999');
    await sideBar.expand(failed);
    await sideBar.row('Runs', 'late').filter({ hasText: 'no answer' }).waitFor();
    await failed.click();
    const [, child = ''] = /onboard (r\d+)/.exec((await failed.textContent()) ?? '') ?? [];
    await window.editor(`${child}.jsonc`);
    await window.shot('child-runs-2-one');
    await row.click();
    await window.editor(`${run}.jsonc`);
    await window.shot('child-runs-3-parent');
    assert.deepEqual(window.troubles, []);
  });
}

async function start(folder: string, list: readonly object[]): Promise<string> {
  const connected = await connectIfRunning(folder);
  assert.ok(connected !== undefined, 'no daemon runs');
  try {
    return (await connected.client.call('run/start', { workflow: 'campaign', inputs: { list } })).id;
  } finally {
    await connected.client.close();
  }
}
