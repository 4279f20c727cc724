import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commands, views } from '../../../../../extension/base/ids.ts';
import { HttpSink } from '../../../../support/http-sink.ts';
import { Shop } from '../../support/shop.ts';
import { drive, mirrorChanges } from '../../support/sluice.ts';
import { until } from '../../support/until.ts';

export function daemonCommands(): void {
  let shop: Shop;

  before(async () => {
    shop = await Shop.open();
  });

  after(async () => {
    // Those that stop it have left a new one.
    await (await Shop.open()).close();
    await shop.erp.stop();
  });

  it('set a secret that VS Code keeps and every daemon is given, and delete it from both', async () => {
    const { app, project } = shop;
    const { result, asker } = await drive(commands.setSecret, { answers: [{ pick: 'Another name' }, { type: 'ERP_TOKEN' }, { type: 'hunter2' }] });
    assert.deepEqual([result, asker.told], ['ERP_TOKEN', ['ERP_TOKEN was set.']]);
    const listed = async (): Promise<readonly string[]> => (await (await project.connection.ensure()).call('secret/list', {})).secrets.map(({ name, from }) => `${name} ${from}`);
    assert.deepEqual([await listed(), await app.secrets.names(project.folder)], [['ERP_TOKEN memory'], ['ERP_TOKEN']]);
    await drive(commands.restartDaemon);
    await until('the new daemon has it as well', async () => (await listed()).includes('ERP_TOKEN memory'), mirrorChanges(app));
    await drive(commands.deleteSecret, { answers: [{ pick: 'ERP_TOKEN' }, { confirm: true }] });
    assert.deepEqual([await listed(), await app.secrets.names(project.folder)], [[], []]);
    assert.match((await drive(commands.deleteSecret)).asker.told.join(), /no secret/);
    // As a quick fix names it.
    const fixed = await drive(commands.setSecret, { args: [{ uri: `${project.folder}/.sluice/workflows/order.yaml`, secret: 'CRM_KEY' }], answers: [{ type: 'hunter3' }] });
    assert.deepEqual([fixed.result, await listed()], ['CRM_KEY', ['CRM_KEY memory']]);
    await drive(commands.deleteSecret, { answers: [{ pick: 'CRM_KEY' }, { confirm: true }] });
  });

  it('test a connection, that of a line or one that is chosen, and say what it answered', async () => {
    const { project, erp } = shop;
    assert.match((await drive(commands.testConnection)).asker.told.join(), /has no connections/);
    const file = path.join(project.path, '.sluice', 'connections.yaml');
    writeFileSync(file, `connections:\n  erp: { type: http, url: "${erp.url}" }\n  gone: { type: http, url: "http://127.0.0.1:1" }\n`);
    try {
      const chosen = await drive(commands.testConnection, { answers: [{ pick: 'erp' }] });
      assert.match(chosen.asker.told.join(), new RegExp(`^erp (works|is reached|doesn't work): ${erp.url}.* answered \\d{3} `));
      const named = await drive(commands.testConnection, { args: [{ folder: project.folder, connection: 'gone' }] });
      assert.equal(named.result, 'failed');
      assert.match(named.asker.told.join(), /^gone doesn't work\. .*ECONNREFUSED/);
    } finally {
      rmSync(file);
    }
  });

  it('send a test to those who are told of alerts, and say what each answered', async () => {
    const { project, daemon } = shop;
    assert.match((await drive(commands.testAlerts)).asker.told.join(), /^Nobody is told of alerts of /);
    const chat = new HttpSink({ respond: () => ({ body: 'ok' }) });
    const { url, port } = await chat.start();
    const file = path.join(project.path, '.sluice', 'config.yaml');
    try {
      writeFileSync(file, `alerts:\n  - { webhook: "${url}/hook", format: slack }\n  - { webhook: "http://127.0.0.1:1/hook" }\n`);
      const { result, asker } = await drive(commands.testAlerts);
      assert.deepEqual(result, [true, false]);
      assert.match(asker.told[0] ?? '', new RegExp(`^127\\.0\\.0\\.1:${port} was told: it answered 200 ok after `));
      assert.match(asker.told[1] ?? '', /^127\.0\.0\.1:1 was not told\. .*ECONNREFUSED/);
      assert.deepEqual(chat.requests.map(({ path: called }) => called), ['/hook']);
    } finally {
      // Emptied first: what was last read holds while there is no such file.
      writeFileSync(file, '');
      await daemon.call('workflow/list', {});
      rmSync(file);
      await chat.stop();
    }
  });

  it("show the daemon's own log", async () => {
    await drive(commands.showDaemonLog);
  });

  it('give it a secret, which no answer of it holds, and take that away', async () => {
    assert.equal((await drive(commands.setSecret, { answers: [{ pick: 'Another name' }, { type: 'ERP_TOKEN' }, { type: 'hunter2-hunter2' }] })).result, 'ERP_TOKEN');
    const set = await shop.daemon.call('secret/list', {});
    assert.ok(set.secrets.some(({ name }) => name === 'ERP_TOKEN'));
    assert.ok(!JSON.stringify(set).includes('hunter2'));
    assert.equal((await drive(commands.deleteSecret, { answers: [{ pick: 'ERP_TOKEN' }, { confirm: true }] })).result, 'ERP_TOKEN');
    assert.deepEqual((await shop.daemon.call('secret/list', {})).secrets, []);
  });

  it('restart it: another process, which knows what the first one knew', async () => {
    const before = shop.project.mirror.runs().length;
    const pid = pidOf(shop);
    assert.equal((await drive(commands.restartDaemon)).result, 'connected');
    assert.notEqual(pidOf(shop), pid);
    assert.equal((await (await shop.project.connection.ensure()).call('run/list', { limit: 1000 })).runs.length >= before, true);
  });

  it('ask before they stop it while attempts are under way', async () => {
    const fresh = await Shop.open();
    fresh.erp.hold();
    const run = await fresh.order();
    await fresh.jobOf(run, 'active');
    const { asker } = await drive(commands.stopDaemon, { answers: [{ confirm: false }] });
    assert.match(asker.confirmations[0]?.detail ?? '', /^It finishes the running job first\./);
    assert.equal(fresh.project.connection.state.kind, 'connected');
    fresh.erp.release();
    await fresh.runIs(run, 'failed');
    await fresh.close();
  });

  it('stop it, and start it again', async () => {
    const discovery = path.join(shop.project.path, '.sluice', 'state', 'daemon.json');
    assert.equal((await drive(commands.stopDaemon)).result, 'stopped');
    assert.equal(existsSync(discovery), false);
    assert.equal((await drive(commands.startDaemon)).result, 'connected');
    assert.equal(existsSync(discovery), true);
  });

  it('stop it, and read beside the queues how much waits for it, until it runs again', async () => {
    const fresh = await Shop.open();
    const queues = fresh.app.views.get(views.queues)?.view;
    await fresh.daemon.call('queue/pause', { queue: 'erp' });
    const runs = [await fresh.order(1), await fresh.order(2)];
    await drive(commands.stopDaemon);
    assert.equal(queues?.description, '2 jobs waiting');
    await drive(commands.startDaemon);
    assert.equal(queues.description, '');
    await fresh.daemon.call('queue/resume', { queue: 'erp' });
    for (const run of runs) await fresh.runIs(run, 'failed');
    await fresh.close();
  });
}

function pidOf({ project }: Shop): number {
  const { state } = project.connection;
  assert.ok(state.kind === 'connected', state.kind);
  return state.status.pid;
}
