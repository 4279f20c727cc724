import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { commands as vscodeCommands } from 'vscode';
import type { OpenTreeView } from '../../../../extension/views/open-view.ts';
import { LoadMoreNode, type TreeNode } from '../../../../extension/views/tree-node.ts';
import { commands, views as viewIds } from '../../../../extension/base/ids.ts';
import { labelOf } from '../support/row-label.ts';
import { Shop } from '../support/shop.ts';
import { drive, mirrorChanges, sluice } from '../support/sluice.ts';
import { draws } from '../support/selection.ts';
import { until, type Listen } from '../support/until.ts';

const onboard = `name: Onboard
inputs: { does: { enum: [end, fail, wait] } }
required: [does]
steps:
  done: { if: "\${{ inputs.does == 'end' }}", uses: wait/for, with: { duration: 1ms } }
  late: { if: "\${{ inputs.does == 'fail' }}", uses: wait/signal, with: { name: late, timeout: 1ms } }
  open: { if: "\${{ inputs.does == 'wait' }}", uses: wait/signal, with: { name: open } }
`;

const campaign = `name: Campaign
inputs: { list: { type: array } }
required: [list]
steps:
  each:
    foreach: { items: "\${{ inputs.list }}", as: contact, key: "\${{ contact.id }}", on-item-failure: continue }
    uses: workflow/run
    with: { workflow: onboard, inputs: { does: "\${{ contact.does }}" } }
`;

describe('views', () => {
  let shop: Shop;
  let views: Awaited<ReturnType<typeof sluice>>['views'];

  before(async () => {
    shop = await Shop.open();
    ({ views } = await sluice());
  });

  afterEach(() => shop.erp.release());
  after(() => shop.close());

  it('show the queues, each with its states and, below those, its jobs', async () => {
    shop.erp.hold();
    const run = await shop.order();
    const { id } = await shop.jobOf(run, 'active');
    const erp = await rowOf(views.queues, 'erp');
    const active = await rowOf(views.queues, 'Active', erp);
    await until('the row counts the active job', () => active.item().description === '1', changesOf(views.queues));
    const [job] = await rowsOf(views.queues, active);
    assert.equal(labelOf(job), id);
    assert.ok(job?.item().contextValue?.split(' ').includes('cancellable'));
    shop.erp.release();
    await shop.runIs(run, 'failed');
  });

  it('show runs, their steps, the jobs of each, and the attempts at each job', async () => {
    const run = await shop.order(7);
    await shop.runIs(run, 'failed');
    const row = await rowOf(views.runs, `order ${run}`);
    assert.match(row.item().contextValue ?? '', /^run failed/);
    const step = await rowOf(views.runs, 'invoice', row);
    const [job] = await rowsOf(views.runs, step);
    const attempts = await rowsOf(views.runs, job);
    assert.deepEqual(attempts.map(labelOf), ['Attempt 1']);
    assert.match(String(attempts[0]?.item().accessibilityInformation?.label), /422|failed/i);
  });

  it('show the runs that a run has started below it: what failed first, then what is running, by pages, and alive', async () => {
    const workflows = path.join(shop.project.path, '.sluice', 'workflows');
    await writeFile(path.join(workflows, 'onboard.yaml'), onboard);
    await writeFile(path.join(workflows, 'campaign.yaml'), campaign);
    try {
      await until('the daemon knows both', async () => ((await shop.daemon.call('workflow/list', {})).workflows.some(({ id, valid }) => id === 'campaign' && valid) ? true : undefined), changesOf(views.runs));
      const list = Array.from({ length: 70 }, (_, n) => ({ id: `c${n}`, does: n === 3 || n === 40 ? 'fail' : n === 50 ? 'wait' : 'end' }));
      const { id: run } = await shop.daemon.call('run/start', { workflow: 'campaign', inputs: { list } });
      await until('all have ended but the one that waits', () => shop.project.mirror.run(run)?.children?.succeeded === 67, mirrorChanges(shop.app));
      const parent = await rowOf(views.runs, `campaign ${run}`);
      assert.deepEqual((await rowsOf(views.runs)).map(labelOf).filter((label) => /^onboard|^c\d/.test(label)), [], 'they do not flood the list of runs');
      const below = await rowOf(views.runs, '70 child runs', parent);
      assert.equal(below.item().description, '2 failed · 1 running · 67 succeeded');
      const first = await rowsOf(views.runs, below);
      assert.deepEqual([first.slice(0, 4).map(labelOf), first.length], [['c40', 'c3', 'c50', 'c69'], 51]);
      assert.match(String(first[0]?.item().description), /^onboard r\d+ · failed · 1 dead · /);
      assert.match(first[0]?.item().contextValue ?? '', /^run failed .*withDead/);
      await drive(commands.loadMore, { args: [first.at(-1)] });
      assert.equal((await until('the others are there', async () => ((await rowsOf(views.runs, below)).length === 70 ? rowsOf(views.runs, below) : undefined), changesOf(views.runs))).length, 70);
      const waits = await rowOf(views.runs, 'c50', below);
      assert.deepEqual((await rowsOf(views.runs, waits)).map(labelOf), ['done', 'late', 'open']);
      await shop.daemon.call('signal/send', { run: waits.target.run ?? '', name: 'open', by: 'ada' });
      await until('it has ended', async () => ((await rowsOf(views.runs, below)).map(labelOf).indexOf('c50') > 2 ? true : undefined), changesOf(views.runs));
      assert.match(String(below.item().description), /^2 failed · /);
    } finally {
      await rm(path.join(workflows, 'onboard.yaml'));
      await rm(path.join(workflows, 'campaign.yaml'));
      await shop.discardAll();
    }
  });

  it('show dead letters by queue and by what they failed with', async () => {
    await shop.deadLetters(2);
    const queue = await rowOf(views.deadLetters, 'erp');
    const causes = await rowsOf(views.deadLetters, queue);
    assert.equal(causes.length, 1);
    // Without the phrase of the status: what tells the groups apart has to have room.
    assert.match(labelOf(causes[0]), /^422(: |$| Unprocessable Entity$)/);
    const letters = await rowsOf(views.deadLetters, causes[0]);
    assert.ok(letters.length >= 2);
    assert.equal(letters[0]?.item().command?.command, commands.openDeadLetter);
  });

  it('mark what was edited elsewhere and not sent: the row, its group and its queue, and draw the runs again', async () => {
    const [letter] = await shop.deadLetters(1);
    const id = letter?.id ?? '';
    const { payload } = await shop.daemon.call('job/get', { id });
    const drawn = Promise.withResolvers<undefined>();
    const listening = views.runs.tree.onDidChangeTreeData(() => drawn.resolve(undefined));
    await shop.daemon.call('draft/save', { id, payload: { ...(payload as object), json: { currency: 'EUR' } }, savedBy: 'ada' });
    await drawn.promise;
    listening.dispose();
    const queue = await rowOf(views.deadLetters, 'erp');
    await until('the queue counts it', () => / · 1 edited$/.test(String(queue.item().description)), changesOf(views.deadLetters));
    const groups = await rowsOf(views.deadLetters, queue);
    assert.match(String(groups[0]?.item().description), / · 1 edited · /);
    const row = (await rowsOf(views.deadLetters, groups[0])).find((one) => labelOf(one) === id);
    const item = row?.item();
    assert.match(String(item?.description), /^edited, not sent · /);
    assert.match(String(item?.accessibilityInformation?.label), /edited, not sent/);
    assert.ok(item?.contextValue?.split(' ').includes('edited'), 'it has the entries of an edit');
    assert.notDeepEqual(item?.iconPath, (await rowsOf(views.deadLetters, groups[0])).find((one) => labelOf(one) !== id)?.item().iconPath);
    await shop.daemon.call('draft/drop', { id });
    await until('the mark is gone', () => !/edited/.test(String(queue.item().description)), changesOf(views.deadLetters));
  });

  it('show workflows with their last results', async () => {
    const order = await rowOf(views.workflows, 'Order');
    await until('its last result is shown', () => /failed/.test(String(order.item().description)), changesOf(views.workflows));
    assert.equal(order.item().command?.command, commands.openWorkflow);
  });

  it('keep expansion, selection and the very rows while what they show changes', async () => {
    await vscodeCommands.executeCommand(`${viewIds.queues}.focus`);
    const { view, tree, selected } = views.queues;
    const bulk = await rowOf(views.queues, 'bulk');
    await revealed(views.queues, bulk);
    let collapsed = 0;
    const listening = view.onDidCollapseElement(() => collapsed++);
    const states = await rowsOf(views.queues, bulk);
    const run = await shop.batch(5);
    await shop.runIs(run, 'succeeded');
    await drive(commands.refresh);
    const after = await rowsOf(views.queues, bulk);
    listening.dispose();
    assert.equal(tree.find(bulk.id), bulk);
    assert.deepEqual(after.map((row, index) => row === states[index]), states.map(() => true));
    assert.deepEqual(selected.rows.map(({ id }) => id), [bulk.id]);
    assert.equal(collapsed, 0);
  });

  it('know what is selected while rows are drawn again, when VS Code has forgotten it', async () => {
    await vscodeCommands.executeCommand(`${viewIds.queues}.focus`);
    const { view, tree, selected } = views.queues;
    const row = await views.queues.reveal([`${shop.project.folder}/queue erp`]);
    const { getChildren } = tree;
    const seen: string[][][] = [];
    try {
      await until('the rows are drawn again', () => seen.length > 0, (listener) => {
        tree.getChildren = (parent) => {
          seen.push([view.selection, selected.rows].map((rows) => rows.map(({ id }) => id)));
          listener();
          return getChildren.call(tree, parent);
        };
        tree.refreshAll();
        return { dispose: () => void (tree.getChildren = getChildren) };
      });
    } finally {
      tree.getChildren = getChildren;
    }
    assert.deepEqual(seen[0], [[], [row]]);
  });

  it('show long lists by pages', async () => {
    const run = await shop.batch(120);
    await shop.runIs(run, 'succeeded');
    const row = await rowOf(views.runs, `batch ${run}`);
    const step = await rowOf(views.runs, 'each', row);
    const first = await rowsOf(views.runs, step);
    const more = first.at(-1);
    assert.equal(first.length, 51);
    assert.ok(more instanceof LoadMoreNode || labelOf(more).startsWith('Load more'));
    await drive(commands.loadMore, { args: [more] });
    const second = await until('the next page is there', async () => {
      const rows = await rowsOf(views.runs, step);
      return rows.length > 51 ? rows : undefined;
    }, changesOf(views.runs));
    assert.equal(second.length, 101);
    assert.deepEqual(second.slice(0, 50), first.slice(0, 50));
  });

  it('count in the badge what a person has not seen yet', async () => {
    await vscodeCommands.executeCommand('workbench.view.explorer');
    const { view } = views.deadLetters;
    await until('the view is hidden', () => !view.visible, (listener) => view.onDidChangeVisibility(listener));
    const before = view.badge?.value ?? 0;
    await shop.deadLetters(1);
    await until('the badge counts it', () => view.badge?.value === before + 1, (listener) => shop.app.projects.onDidChangeMirror(() => setImmediate(listener)));
    await vscodeCommands.executeCommand(`${viewIds.deadLetters}.focus`);
    await until('the badge is gone', () => view.badge === undefined, (listener) => view.onDidChangeVisibility(() => setImmediate(listener)));
  });

  /** VS Code can show a row when it has drawn the view, of which nobody hears but who is asked for the rows. */
  async function revealed(open: OpenTreeView, row: TreeNode): Promise<void> {
    const isRevealed = until(
      'the row is shown',
      () => Promise.resolve(open.view.reveal(row, { select: true, expand: true })).then(
        () => true,
        () => undefined,
      ),
      draws(open),
    );
    await drive(commands.refresh);
    await isRevealed;
  }

  async function rowsOf({ tree }: OpenTreeView, parent?: TreeNode): Promise<readonly TreeNode[]> {
    return tree.getChildren(parent);
  }

  async function rowOf(view: OpenTreeView, label: string, parent?: TreeNode): Promise<TreeNode> {
    return until(
      `there is a row "${label}"`,
      async () => (await rowsOf(view, parent)).find((row) => labelOf(row).startsWith(label)),
      changesOf(view),
      (listener) => shop.app.projects.onDidChangeMirror(listener),
    );
  }
});

function changesOf({ tree }: OpenTreeView): Listen {
  return (listener) => tree.onDidChangeTreeData(listener);
}
