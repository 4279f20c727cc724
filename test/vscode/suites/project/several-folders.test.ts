import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../extension/base/ids.ts';
import type { Project } from '../../../../extension/project/project.ts';
import type { Tally } from '../../../../extension/selection/batches.ts';
import type { Target } from '../../../../extension/base/target.ts';
import { labelOf } from '../support/row-label.ts';
import { Shop } from '../support/shop.ts';
import { drive, mirrorChanges, sluice, stateChanges } from '../support/sluice.ts';
import { until } from '../support/until.ts';

const order = `name: Order
inputs: { url: { type: string } }
required: [url]
queues:
  erp: { retry: { delays: [] } }
steps:
  invoice:
    queue: erp
    uses: http/request
    with: { method: POST, url: "\${{ inputs.url }}", json: { currency: EURO } }
`;

describe('a window with several projects', () => {
  let shop: Shop;
  let other: vscode.Uri;

  before(async () => {
    shop = await Shop.open();
    // In the temporary folder of the window, whose daemons end with it.
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'other-')));
    await mkdir(path.join(folder, '.sluice', 'workflows'), { recursive: true });
    await writeFile(path.join(folder, '.sluice', 'workflows', 'order.yaml'), order);
    other = vscode.Uri.file(folder);
  });

  after(() => shop.close());

  it('has a connection for each, and asks which is meant', async () => {
    const { app, views } = await sluice();
    assert.equal(vscode.workspace.updateWorkspaceFolders(1, 0, { uri: other, name: 'other' }), true);
    const added = await until('the project is known', () => app.projects.all.find(({ name }) => name === 'other'), stateChanges(app));
    assert.equal((await drive(commands.startDaemon, { answers: [{ pick: 'other' }] })).result, 'connected');
    const pids = app.projects.all.map(({ connection }) => ('status' in connection.state ? connection.state.status.pid : 0));
    assert.equal(new Set(pids).size, 2);
    assert.ok(!pids.includes(0));
    assert.deepEqual((await views.queues.tree.getChildren()).map(labelOf), ['shop', 'other']);
    assert.equal((await drive(commands.stopDaemon, { args: [{ folder: added.folder }] })).result, 'stopped');
    assert.equal(shop.project.connection.state.kind, 'connected');
  });

  describe('acts on what is selected in several of them', () => {
    let rows: readonly Target[];

    beforeEach(async () => {
      const added = otherProject(shop);
      const daemon = await added.connection.ensure();
      const letters = await shop.deadLetters(2);
      const { id: run } = await daemon.call('run/start', { workflow: 'order', inputs: { url: shop.erp.url } });
      const letter = await until('a dead letter of the other project', async () => (await daemon.call('dead/list', { run })).jobs[0], mirrorChanges(shop.app));
      rows = [...letters.map(({ id }) => shop.target({ job: id })), { folder: added.folder, job: letter.id }];
    });

    afterEach(async () => {
      await shop.discardAll();
      await (await otherProject(shop).connection.ensure()).call('dead/discard', { all: true });
    });

    it('and replays dead letters of each, asked once with the counts, and told with those of each', async () => {
      const { result, asker } = await drive(commands.replay, { args: [rows[0], rows], answers: [{ pick: 'Replay all 3' }] });
      assert.deepEqual(asker.titles, ['Replay 3 dead letters of the selection (shop: 2, other: 1)']);
      assert.deepEqual(tallyOf(result), [3, 3]);
      assert.match(asker.told.join('\n'), /^Dead letters replayed: 3 of 3\. By project: shop 2 of 2, other 1 of 1\. Of these: 3 dead again\. The newest failure: [^\n]*$/);
      for (const { folder, job = '' } of rows) await attemptedAgain(folder, job);
    });

    it('a few of each first, then the others', async () => {
      const { result, asker } = await drive(commands.replay, { args: [rows[0], rows], answers: [{ pick: 'Try some first' }, { type: '1' }, { pick: 'Replay all 1' }], takes: 'Replay Them Anyway…' });
      assert.match(asker.told.join('\n'), /^Of those replayed first: 2 dead again\. The other one is as it was\. [^\n]*\nReplayed the dead letter\. It died again: /);
      assert.deepEqual(tallyOf(result), [3, 3]);
    });

    it('and discards dead letters of each, and exports into a file for each before', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'export-'));
      const answers = [{ decide: 'Export First…' }, { file: path.join(folder, 'shop.json') }, { file: path.join(folder, 'other.json') }, { decide: 'Discard' }];
      const { result, asker } = await drive(commands.discard, { args: [rows[0], rows], answers });
      assert.equal(asker.confirmations[0]?.question, 'Discard 3 dead letters of the selection (shop: 2, other: 1)?');
      const sizes = await Promise.all(['shop.json', 'other.json'].map(async (file) => (JSON.parse(await readFile(path.join(folder, file), 'utf8')) as unknown[]).length));
      assert.deepEqual([tallyOf(result), sizes], [[3, 3], [2, 1]]);
      for (const { folder: of, job = '' } of rows) assert.equal((await (await shop.app.projects.daemonOf(of)).call('job/get', { id: job })).state, 'discarded');
    });

    it('and pauses queues of each, which are told apart by their projects', async () => {
      const queues = [shop.target({ queue: 'erp' }), { folder: otherProject(shop).folder, queue: 'erp' }];
      const { asker } = await drive(commands.pauseQueue, { args: [queues[0], queues], answers: [{ confirm: true }] });
      assert.deepEqual(asker.confirmations.map(({ question }) => question), ['Pause erp (shop), erp (other)?']);
      assert.match(asker.confirmations[0]?.detail ?? '', /^By project: shop: 1, other: 1\. /);
      assert.deepEqual(asker.told, ['Queues paused: 2 of 2. By project: shop 1 of 1, other 1 of 1.']);
      await drive(commands.resumeQueue, { args: [queues[0], queues], answers: [{ confirm: true }] });
    });

    async function attemptedAgain(folder: string, job: string): Promise<void> {
      const daemon = await shop.app.projects.daemonOf(folder);
      await until(`${job} is attempted again`, async () => (await daemon.call('job/get', { id: job })).attempts.length === 2, mirrorChanges(shop.app));
    }
  });

  // In a block of its own, because mocha runs the tests of a block before the blocks in it.
  describe('of which one is closed', () => {
    it('lets go of it', async () => {
      const { app, views } = await sluice();
      assert.equal(vscode.workspace.updateWorkspaceFolders(1, 1), true);
      await until('the folder is gone', () => app.projects.all.length === 1, stateChanges(app));
      const labels = (await views.queues.tree.getChildren()).map(labelOf);
      assert.ok(labels.includes('erp') && !labels.includes('other'), labels.join());
    });
  });
});

function otherProject({ app }: Shop): Project {
  const found = app.projects.all.find(({ name }) => name === 'other');
  assert.ok(found !== undefined, 'the other project is open');
  return found;
}

function tallyOf(result: unknown): readonly [total: number | undefined, done: number | undefined] {
  const tally = result as Tally | undefined;
  return [tally?.total, tally?.done];
}
