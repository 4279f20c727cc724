import assert from 'node:assert/strict';
import { HttpSink } from '../support/http-sink.ts';
import { describeWithPgBouncer } from '../support/pg-bouncer.ts';
import { endOfRun, FaultProject } from './fault-project.ts';

const items = 200;

describeWithPgBouncer('daemons of several machines, whose Postgres is behind PgBouncer', (server, bouncer) => {
  let sink: HttpSink;
  let projects: FaultProject[];
  beforeEach(() => {
    sink = new HttpSink();
    projects = [];
  });
  afterEach(async () => {
    for (const project of projects) await project.dispose();
    await sink.stop();
  });

  it('send each item once, with and without a URL for hints', async () => {
    const { url } = await sink.start();
    const database = await server().newDatabase();
    const daemons = [];
    for (const listen of ['', ', listen: "${{ secrets.LISTEN_URL }}"']) {
      const project = await FaultProject.make({
        'config.yaml': `store: { postgres: "\${{ secrets.STORE_URL }}"${listen} }\nallowed-addresses: ["127.0.0.1"]\n`,
        'workflows/each.yaml': `
inputs: { items: { type: array } }
steps:
  each:
    uses: http/request
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { method: POST, url: ${url}/item, json: { n: "\${{ item }}" } }
`,
      });
      projects.push(project);
      daemons.push(await project.start({ env: { SLUICE_SECRET_STORE_URL: bouncer().url(database.url), SLUICE_SECRET_LISTEN_URL: database.url } }));
    }
    const [one, two] = daemons;
    assert.ok(one !== undefined && two !== undefined);
    const { id } = await one.client.call('run/start', { workflow: 'each', inputs: { items: Array.from({ length: items }, (_, index) => index) } });
    assert.equal((await endOfRun(two.client, id)).state, 'succeeded');
    assert.equal(sink.requests.length, items);
    assert.equal(new Set(sink.requests.map(({ body }) => body)).size, items);
  });
});
