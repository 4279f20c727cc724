import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import type { DeliveryDetail } from '../../schemas/protocol/delivery.ts';
import type { JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import type { Example, ExampleContext, ExampleReport, Servers } from '../running/example.ts';
import { Stage, type Change } from '../running/stage.ts';
import { Chat } from '../servers/chat.ts';
import { Crm } from '../servers/crm.ts';
import { Erp } from '../servers/erp.ts';
import { Warehouse } from '../servers/warehouse.ts';
import { Watch } from '../servers/watch.ts';
import { lostDeal, reportOf, wrongDeal, type DealOutcome, type DealServers, type DealSize } from './deal-report.ts';

const full: DealSize = { minuteMs: 60_000, delays: '[1m, 5m, 30m, 2h]', delaysMs: [60_000, 300_000, 1_800_000, 7_200_000], downMinutes: 20 };
/** A minute is a tenth of a second. */
const small: DealSize = { minuteMs: 100, delays: '[100ms, 500ms, 3s, 12s]', delaysMs: [100, 500, 3_000, 12_000], downMinutes: 20 };

/** Its invoice is made, but the answer gets lost. */
const unansweredDeal = '1005';

/** The CRM misses the answer to its event, and sends it again. */
const repeatedDeal = '1004';

const secrets = { CRM_HOOK: `whsec_${Buffer.from('a secret of the CRM and Sluice').toString('base64')}`, ERP_TOKEN: 'erp-token-of-the-example', WAREHOUSE_HOOK: `whsec_${Buffer.from('a secret that both sides know').toString('base64')}` };

export const dealClosed: Example<DealSize> = { name: 'deal-closed', title: 'Deal closed: an ERP that is down, a wrong payload, dead letters', full, small, run, serve };

async function run(size: DealSize, context: ExampleContext): Promise<ExampleReport> {
  const stage = await Stage.open(import.meta.dirname, context);
  try {
    const servers = makeServers(size);
    const { erp, warehouse, chat } = servers;
    const ports: number[] = [];
    for (const { service } of [erp, warehouse, chat]) {
      ports.push(await service.start());
      stage.defer(() => service.stop());
    }
    await stage.prepare({ changes: changesFor(size, ports), secrets });
    return await carryOut(size, stage, servers, context);
  } finally {
    await stage.close();
  }
}

async function carryOut(size: DealSize, stage: Stage, servers: DealServers, { narrator }: ExampleContext): Promise<ExampleReport> {
  const { watch, erp, chat } = servers;
  watch.onNote(() => narrator.progress(() => progressOf(servers)));
  await stage.startDaemon();
  const deals = (await readdir(path.join(stage.folder, 'deals'))).map((file) => path.basename(file, '.json')).sort();
  narrator.event(`${deals.length} deals are closed while the ERP is down. For each the CRM calls the webhook, and for ${repeatedDeal} twice:`);
  const runs = await receive(stage, deals);
  narrator.answered(await stage.sluice(['deliveries']));

  await stage.until(watch.when(() => erp.invoices.length > 0));
  narrator.event(`The ERP is back, after ${erp.refusedWhileDown} calls that it refused. Each deal comes again when its list of delays says.`);
  await stage.until(watch.when(() => chat.with(`Deal ${wrongDeal} is stuck`).length > 0));
  await mendPayload(stage, servers, runs.get(wrongDeal) ?? '', narrator);
  narrator.event(`Deal ${lostDeal} belongs to a branch whose ERP stays down: four repetitions, then a dead letter.`);
  await stage.until(watch.when(() => chat.messages.length === deals.length + 1));
  await giveUp(stage, runs.get(lostDeal) ?? '', narrator);

  const outcome: DealOutcome = {
    size,
    servers,
    runs: await stage.ask<RunSummary[]>('runs', '--limit', '100'),
    jobs: await stage.ask<JobSummary[]>('jobs', '--limit', '1000'),
    leaks: await findSecrets(stage.folder),
  };
  return reportOf(outcome);
}

/** What the deals have started, by their ids. */
async function receive(stage: Stage, deals: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { webhooks } = await stage.ask<DaemonStatus>('status');
  const url = `http://${webhooks?.listen ?? ''}/hooks/deals`;
  const crm = new Crm(secrets.CRM_HOOK);
  const runs = new Map<string, string>();
  for (const deal of deals) {
    const event = { type: 'deal.closed', deal: JSON.parse(await readFile(path.join(stage.folder, 'deals', `${deal}.json`), 'utf8')) as object };
    const id = await crm.send(url, `deal-${deal}`, event);
    if (deal === repeatedDeal && (await crm.send(url, `deal-${deal}`, event)) !== id) throw new Error('an event that came again was taken for another one');
    const { run = '' } = await stage.ask<DeliveryDetail>('deliveries', 'show', id);
    runs.set(deal, run);
  }
  return runs;
}

/** Looks at the dead letter of a run, puts its payload right, and replays it. */
async function mendPayload(stage: Stage, { watch, chat }: DealServers, run: string, narrator: ExampleContext['narrator']): Promise<void> {
  const id = await deadLetterOf(stage, run);
  narrator.event(`The ERP doesn't take deal ${wrongDeal}. Its dead letter says why:`);
  const shown = await stage.sluice(['job', id]);
  narrator.answered(shown.slice(shown.indexOf('Error\n')).split('\n\n')[0] ?? shown);
  const { payload } = await stage.ask<JobDetail>('job', id);
  const corrected = JSON.stringify(payload, undefined, 2).replace('"EURO"', '"EUR"');
  await writeFile(path.join(stage.folder, 'payload.json'), corrected);
  narrator.event('Its payload, with "EURO" changed to "EUR", goes back:');
  narrator.answered(await stage.sluice(['dead', 'replay', id, '--edit', 'payload.json']));
  await stage.until(watch.when(() => chat.with(`Deal ${wrongDeal} with`).length > 0));
  narrator.event('The run has continued from there: invoice, warehouse, chat.');
}

async function giveUp(stage: Stage, run: string, narrator: ExampleContext['narrator']): Promise<void> {
  const id = await deadLetterOf(stage, run);
  narrator.answered(await stage.sluice(['dead', 'discard', id]));
}

async function deadLetterOf(stage: Stage, run: string): Promise<string> {
  const [letter] = await stage.ask<JobSummary[]>('dead', 'list', '--run', run);
  if (letter === undefined) throw new Error(`${run} has no dead letter`);
  return letter.id;
}

/** Files of the state that hold the value of a secret, other than the one for secrets. */
async function findSecrets(project: string): Promise<readonly string[]> {
  const state = path.join(project, '.sluice', 'state');
  const found: string[] = [];
  for (const entry of await readdir(state, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name === 'secrets.env') continue;
    const content = await readFile(path.join(entry.parentPath, entry.name));
    if (Object.values(secrets).some((value) => content.includes(value))) found.push(entry.name);
  }
  return found;
}

function progressOf({ erp, warehouse, chat }: DealServers): string {
  return `calls to the ERP ${erp.service.calls.length}, refused ${erp.refusedWhileDown}, invoices ${erp.invoices.length}; warehouse ${warehouse.events.length}, chat ${chat.messages.length}`;
}

function makeServers({ minuteMs, downMinutes }: DealSize): DealServers {
  const watch = new Watch();
  const erp = new Erp({
    watch,
    token: secrets.ERP_TOKEN,
    downMs: downMinutes * minuteMs,
    isUnreachable: (customer) => customer.endsWith('Overseas'),
    losesAnswer: (deal) => deal === unansweredDeal,
  });
  return { watch, erp, warehouse: new Warehouse(watch, secrets.WAREHOUSE_HOOK), chat: new Chat(watch) };
}

function changesFor(size: DealSize, ports: readonly number[]): readonly Change[] {
  const moved = ports.map((port, index) => ({ file: '.sluice/workflows/deal_closed.yaml', from: `127.0.0.1:${8081 + index}`, to: `127.0.0.1:${port}` }));
  return [...moved, { file: '.sluice/config.yaml', from: '127.0.0.1:4681', to: '127.0.0.1:0' }, { file: '.sluice/queues.yaml', from: full.delays, to: size.delays, isScaled: true }];
}

async function serve(): Promise<Servers> {
  const servers = makeServers({ ...full, downMinutes: 0.5 });
  const services = [servers.erp, servers.warehouse, servers.chat].map(({ service }) => service);
  for (const [index, service] of services.entries()) await service.start(8081 + index);
  return {
    secrets,
    tryThis: ['sluice run deal_closed -i deal=@deals/1001.json --wait', 'sluice run deal_closed -i deal=@deals/1002.json', 'sluice trigger deal_closed --payload event.json --sign', 'sluice dead'],
    status: () => progressOf(servers),
    onNote: (listener) => servers.watch.onNote(listener),
    stop: async () => {
      for (const service of services) await service.stop();
    },
  };
}
