import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { settings } from '../../../../extension/base/ids.ts';
import { ScriptedAsker } from '../support/scripted-asker.ts';
import { Shop } from '../support/shop.ts';
import { mirrorChanges } from '../support/sluice.ts';
import { until } from '../support/until.ts';

const asking = `name: Asking
inputs: { names: { type: array } }
required: [names]
steps:
  approve:
    foreach: { items: "\${{ inputs.names }}", on-item-failure: continue }
    uses: wait/signal
    with: { name: "\${{ item }}", question: "Ship the order \${{ item }}?" }
`;

/** Knows when something is told. */
class HearingAsker extends ScriptedAsker {
  readonly heard = Promise.withResolvers<undefined>();

  override async tell(...told: Parameters<ScriptedAsker['tell']>): ReturnType<ScriptedAsker['tell']> {
    const action = await super.tell(...told);
    this.heard.resolve(undefined);
    return action;
  }
}

describe('a step that begins to wait for an answer', () => {
  let shop: Shop;
  let file: string;

  before(async () => {
    shop = await Shop.open();
    file = path.join(shop.project.path, '.sluice', 'workflows', 'asking.yaml');
    await writeFile(file, asking);
  });

  after(async () => {
    await cancelAll();
    await shop.close();
    await rm(file);
  });

  const ask = async (...names: readonly string[]): Promise<string> => (await shop.daemon.call('run/start', { workflow: 'asking', inputs: { names } })).id;

  const cancelAll = async (): Promise<void> => {
    const { waits } = await shop.daemon.call('signal/list', {});
    for (const id of new Set(waits.map(({ run }) => run))) await shop.daemon.call('run/cancel', { id });
    await until('nothing waits', () => shop.project.mirror.waits().length === 0, mirrorChanges(shop.app));
  };

  /** Does it with somebody who takes that action of whatever is told. */
  const withAsker = async (asker: ScriptedAsker, work: () => Promise<void>): Promise<void> => {
    const { app } = shop;
    const before = app.ask;
    app.ask = asker;
    try {
      await work();
    } finally {
      app.ask = before;
    }
  };

  it('is told once, with what is asked, and can be answered from there', async () => {
    const asker = new ScriptedAsker([{ confirm: true }], { takes: 'Answer…' });
    await withAsker(asker, async () => {
      const run = await ask('a7');
      await shop.runIs(run, 'succeeded');
      assert.deepEqual(asker.told, [`asking (${run}) asks: Ship the order a7?`]);
      const { waits } = await shop.daemon.call('signal/list', {});
      assert.deepEqual(waits, []);
    });
  });

  it('is told together with all that begin at the same time, and not where that is turned off', async () => {
    const configuration = vscode.workspace.getConfiguration(settings.section, vscode.Uri.parse(shop.project.folder));
    const asker = new HearingAsker();
    await withAsker(asker, async () => {
      await configuration.update(settings.answerNotifications, false, vscode.ConfigurationTarget.Global);
      try {
        await ask('quiet');
        await until('the mirror knows of the wait', () => shop.project.mirror.waits().some(({ signal }) => signal === 'quiet'), mirrorChanges(shop.app));
      } finally {
        await configuration.update(settings.answerNotifications, undefined, vscode.ConfigurationTarget.Global);
      }
      await cancelAll();
      const run = await ask('b1', 'b2', 'b3', 'b4');
      await asker.heard.promise;
      assert.deepEqual(asker.told, [`4 steps wait for an answer: b1 (${run}), b2 (${run}), b3 (${run}) …`]);
    });
  });
});
