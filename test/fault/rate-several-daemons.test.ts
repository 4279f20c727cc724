import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Chat } from '../../examples/servers/chat.ts';
import { Crm } from '../../examples/servers/crm.ts';
import { Erp } from '../../examples/servers/erp.ts';
import { MailServer } from '../../examples/servers/mail-server.ts';
import { PeopleApi } from '../../examples/servers/people-api.ts';
import { Warehouse } from '../../examples/servers/warehouse.ts';
import { Watch } from '../../examples/servers/watch.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { describeWithPostgres } from '../support/postgres-server.ts';
import { TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { assertSound, detailsOf, endOfRun, eventually, FaultProject, jobsOf } from './fault-project.ts';

const examples = path.resolve(import.meta.dirname, '../../examples');
const mails = { count: 1800, limit: 120, perMs: 2000 };
const contacts = { count: 600, limit: 40, perMs: 2000 };
const deals = ['1001', '1002', '1003', '1004', '1005', '1006'];
const secrets = { CRM_HOOK: `whsec_${Buffer.from('a secret of the CRM and Sluice').toString('base64')}`, ERP_TOKEN: 'erp-token', WAREHOUSE_HOOK: `whsec_${Buffer.from('a secret that both sides know').toString('base64')}`, PEOPLE_API: 'people-api-token' };
const endLimitMs = 300_000;

const addressOf = (index: number): string => `person${index + 1}@example.com`;
const listOf = (count: number): string => `email,name\n${Array.from({ length: count }, (_, index) => `${addressOf(index)},Person ${index + 1}\n`).join('')}`;

/** Servers of the three examples, which know nothing of Sluice; each refuses, and counts, what comes beyond its limit. */
class Receivers {
  readonly watch = new Watch();
  readonly mail = new MailServer({ watch: this.watch, ...mails, isUnknown: () => false, isGreylisted: () => false });
  readonly people = new PeopleApi({ watch: this.watch, token: secrets.PEOPLE_API, limit: contacts.limit, perMs: contacts.perMs, failEvery: 40, latencyMs: 100 });
  readonly erp = new Erp({ watch: this.watch, token: secrets.ERP_TOKEN, downMs: 500, isUnreachable: (customer) => customer.endsWith('Overseas'), losesAnswer: (deal) => deal === '1005' });
  readonly warehouse = new Warehouse(this.watch, secrets.WAREHOUSE_HOOK);
  readonly chat = new Chat(this.watch);

  /** The files of all three examples in one project, with the ports of these servers and shorter times. */
  async files(): Promise<Record<string, string>> {
    const [mail, people, erp, warehouse, chat] = [await this.mail.start(), await this.people.service.start(), await this.erp.service.start(), await this.warehouse.service.start(), await this.chat.service.start()];
    const read = async (file: string, ...changes: readonly (readonly [string, string])[]): Promise<string> => {
      let text = await readFile(path.join(examples, file), 'utf8');
      for (const [from, to] of changes) {
        assert.ok(text.includes(from), `${file} has no ${from}`);
        text = text.replaceAll(from, to);
      }
      return text;
    };
    const queues = [
      await read('campaign/.sluice/queues.yaml', ['rate: 1000/min', `rate: { limit: ${mails.limit}, per: ${mails.perMs}ms }`], ['[20s, 2m, 10m]', '[1s, 1s, 1s]']),
      await read('enrichment/.sluice/queues.yaml', ['rate: 100/min', `rate: { limit: ${contacts.limit}, per: ${contacts.perMs}ms }`], ['[15s, 1m, 5m]', '[1s, 1s, 1s]']),
      await read('deal-closed/.sluice/queues.yaml', ['[1m, 5m, 30m, 2h]', '[500ms, 500ms, 1s, 1s]']),
    ];
    return {
      'config.yaml': 'store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }\nallowed-addresses: ["127.0.0.1"]\nwebhooks: { listen: "127.0.0.1:0" }\n',
      'queues.yaml': `queues:\n${queues.map((text) => text.slice(text.indexOf('queues:') + 'queues:'.length)).join('\n')}`,
      'connections.yaml': await read('campaign/.sluice/connections.yaml', ['port: 2525', `port: ${mail}`]),
      'workflows/newsletter.yaml': await read('campaign/.sluice/workflows/newsletter.yaml'),
      'workflows/enrich.yaml': await read('enrichment/.sluice/workflows/enrich.yaml', ['127.0.0.1:8084', `127.0.0.1:${people}`]),
      'workflows/deal_closed.yaml': await read('deal-closed/.sluice/workflows/deal_closed.yaml', ['127.0.0.1:8081', `127.0.0.1:${erp}`], ['127.0.0.1:8082', `127.0.0.1:${warehouse}`], ['127.0.0.1:8083', `127.0.0.1:${chat}`]),
      '../data/recipients.csv': listOf(mails.count),
      '../data/contacts.csv': listOf(contacts.count),
      '../templates/letter.txt': await read('campaign/templates/letter.txt'),
    };
  }

  async stop(): Promise<void> {
    await this.mail.stop();
    for (const { service } of [this.people, this.erp, this.warehouse, this.chat]) await service.stop();
  }
}

/** Of a job: attempts that were cut off by the end of their daemon, or given up with its lease. */
const cutOff = ({ attempts }: JobDetail): number => attempts.filter(({ state }) => state === 'interrupted').length;
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);

describeWithPostgres('the jobs of the examples, by three daemons on one Postgres', (current) => {
  let receivers: Receivers;
  let proxy: TcpFaultProxy;
  let projects: FaultProject[];
  beforeEach(async () => {
    receivers = new Receivers();
    proxy = await TcpFaultProxy.start(current().port);
    projects = [];
  });
  afterEach(async () => {
    for (const project of projects) await project.dispose();
    await receivers.stop();
    await proxy.stop();
  });

  const hooksOf = async (daemon: DaemonProcess): Promise<string> => `http://${(await daemon.client.call('daemon/status', {})).webhooks?.listen ?? ''}/hooks/deals`;

  it('arrive, each once but for what was under way, and never faster than a receiver allows, though each in turn is killed, stopped or cut off', async function () {
    this.timeout(900_000);
    const database = await current().newDatabase();
    const files = await receivers.files();
    for (let count = 0; count < 3; count++) projects.push(await FaultProject.make(files));
    const [first, second, third] = projects;
    assert.ok(first && second && third);
    const startAt = (project: FaultProject, port?: number): Promise<DaemonProcess> => {
      const url = new URL(database.url);
      if (port !== undefined) url.port = String(port);
      return project.start({ env: { SLUICE_SECRET_STORE_URL: url.href, ...Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`SLUICE_SECRET_${name}`, value])) } });
    };
    let one = await startAt(first);
    const two = await startAt(second);
    let three = await startAt(third, proxy.port);
    const { mail, people, erp, warehouse, chat, watch } = receivers;

    const runs = [await two.client.call('run/start', { workflow: 'newsletter', inputs: {} }), await three.client.call('run/start', { workflow: 'enrich', inputs: {} })].map(({ id }) => id);
    const crm = new Crm(secrets.CRM_HOOK);
    const startedAt = performance.now();
    for (const deal of deals) {
      const event = { type: 'deal.closed', deal: JSON.parse(await readFile(path.join(examples, 'deal-closed', 'deals', `${deal}.json`), 'utf8')) as object };
      // The same event, at two daemons at once.
      await Promise.all([hooksOf(two), hooksOf(three)].map(async (url) => crm.send(await url, `deal-${deal}`, event)));
    }

    const mailed = (share: number): Promise<void> => watch.when(() => mail.mails.length >= share * mails.count);
    await mailed(0.1);
    // The one that leads, and reads the lists.
    await one.kill();
    await mailed(0.2);
    one = await startAt(first);
    await mailed(0.3);
    two.signal('SIGSTOP');
    await mailed(0.4);
    await three.kill();
    await mailed(0.5);
    three = await startAt(third, proxy.port);
    for (const share of [0.6, 0.65, 0.7]) {
      await mailed(share);
      proxy.cut();
    }
    await mailed(0.75);
    proxy.orphan();
    for (const id of runs) assert.equal((await endOfRun(one.client, id, endLimitMs)).state, 'succeeded');
    two.signal('SIGCONT');

    const all = await eventually('the end of all runs', async () => {
      const { runs: listed } = await three.client.call('run/list', { limit: 100 });
      return listed.every(({ state }) => state !== 'running') ? listed : undefined;
    }, endLimitMs);
    const jobs = await detailsOf(one.client, await jobsOf(one.client));
    await assertSound(one.client);

    const byQueue = (queue: string): JobDetail[] => jobs.filter((job) => job.queue === queue);
    const letters = new Map(byQueue('esp').map((job) => [job.key ?? '', job]));
    const received = Map.groupBy(mail.mails, ({ to }) => to);
    const mailedTwice = mail.mails.length - received.size;
    console.log(`        ${mail.tries.count} e-mails tried in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${mailedTwice} twice, at most ${mail.tries.mostIn(mails.perMs)} of ${mails.limit} in a window; ${people.lookUps} calls, ${people.repeats} again, at most ${people.arrivals.mostIn(contacts.perMs)} of ${contacts.limit}`);
    // Nothing is lost.
    assert.deepEqual([letters.size, received.size], [mails.count, mails.count]);
    assert.equal(new Set(people.billed.values()).size, contacts.count);
    assert.deepEqual(people.report, { contacts: contacts.count, found: contacts.count });
    assert.deepEqual(jobs.filter(({ attempts }) => attempts.some(({ state }, index) => state === 'active' || (state === 'succeeded' && index < attempts.length - 1))).map(({ id }) => id), []);
    // What came twice was under way when its daemon ended, or was given up.
    assert.deepEqual([...received].filter(([to, { length }]) => length > 1 + cutOff(letters.get(to) ?? assert.fail(to))).map(([to]) => to), []);
    assert.ok(people.repeats <= sum(byQueue('people').map(cutOff)), `${people.repeats} calls came again`);
    assert.equal(people.billed.size, contacts.count, 'a contact is charged once: its calls have one key');
    // One run for an event, and one invoice for a deal.
    assert.equal(all.filter(({ workflow }) => workflow === 'deal_closed').length, deals.length);
    const made = erp.invoices.map(({ deal }) => deal).sort();
    assert.deepEqual(made, [...new Set(made)]);
    assert.deepEqual([warehouse.events.length, warehouse.forged, erp.unauthorised], [made.length, 0, 0]);
    for (const deal of deals) assert.ok(chat.with(`Deal ${deal} `).length > 0, `nobody was told of deal ${deal}`);
    // The receivers' own view of their limits.
    assert.deepEqual([mail.refusedByLimit, people.refusedByLimit], [0, 0]);
    assert.ok(mail.tries.mostIn(mails.perMs) <= mails.limit && people.arrivals.mostIn(contacts.perMs) <= contacts.limit);
  });
});
