import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Daemon } from '../../../../client/daemon-client.ts';
import { connectedProject, mirrorChanges, sluice } from '../support/sluice.ts';
import { until } from '../support/until.ts';

const jobs = 10_000;

/** What `npm run bench -- --only extension` measures inside the extension host. It judges nothing. */
describe('figures', () => {
  const figures: Record<string, number> = {};

  after(() => writeFileSync(process.env['SLUICE_TEST_FIGURES'] ?? '', JSON.stringify(figures)));

  it('of activation', async () => {
    figures['activationMs'] = (await sluice()).activationMs;
  });

  it('of the first tree, from when the daemon is connected', async () => {
    const { app, views } = await sluice();
    const [project] = app.projects.all;
    assert.ok(project !== undefined);
    let connectedAtMs = 0;
    const listening = project.connection.onDidChange(({ kind }) => {
      if (kind === 'connected') connectedAtMs = performance.now();
    });
    const drawn = until('the queues are there', async () => (await views.queues.tree.getChildren()).length > 0, (listener) => views.queues.tree.onDidChangeTreeData(listener));
    await project.connection.ensure();
    await drawn;
    figures['firstTreeMs'] = performance.now() - connectedAtMs;
    listening.dispose();
  });

  it('of many changes', async () => {
    const { api, project, daemon } = await connectedProject();
    // Of the class, so that the next connection's feeds are counted too.
    const client = Object.getPrototypeOf(daemon) as Pick<Daemon, 'subscribe'>;
    const { subscribe } = client;
    let messages = 0;
    client.subscribe = function (this: Daemon, topic, onChanged) {
      return subscribe.call(this, topic, (changed) => {
        messages++;
        onChanged(changed);
      });
    };
    await project.connection.restart();
    const counted = await project.connection.ensure();
    await until('the mirror has its snapshot', () => project.mirror.status !== undefined, mirrorChanges(api.app));
    const items = Array.from({ length: jobs }, (_, index) => ({ id: String(index) }));
    messages = 0;
    const cpu = process.cpuUsage();
    const startedAtMs = performance.now();
    const { id } = await counted.call('run/start', { workflow: 'batch', inputs: { url: process.env['SLUICE_TEST_URL'] ?? '', items } });
    await until('all jobs have ended', () => project.mirror.run(id)?.state === 'succeeded', mirrorChanges(api.app));
    const seconds = (performance.now() - startedAtMs) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    client.subscribe = subscribe;
    // Each becomes pending, active and succeeded.
    figures['changesPerSecond'] = (jobs * 3) / seconds;
    figures['messagesPerSecond'] = messages / seconds;
    figures['corePercent'] = ((user + system) / 1e6 / seconds) * 100;
  }).timeout(180_000);
});
