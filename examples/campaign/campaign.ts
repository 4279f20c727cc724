import type { JobSummary } from '../../schemas/protocol/job.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { atMost, formatCount, formatMs, same, type Example, type ExampleContext, type ExampleReport, type Servers } from '../running/example.ts';
import { bar } from '../running/narrator.ts';
import { Stage, type Change } from '../running/stage.ts';
import { MailServer, type Mail } from '../servers/mail-server.ts';
import { Watch } from '../servers/watch.ts';

export interface CampaignSize {
  readonly recipients: number;
  /** The provider's limit, and the queue's. */
  readonly limit: number;
  readonly perMs: number;
  /** As they are in the copy's queues.yaml. */
  readonly rate: string;
  readonly delays: string;
}

const full: CampaignSize = { recipients: 50_000, limit: 1000, perMs: 60_000, rate: '1000/min', delays: '[20s, 2m, 10m]' };
/** A minute is 15 seconds. */
const small: CampaignSize = { recipients: 1_150, limit: 1000, perMs: 15_000, rate: '{ limit: 1000, per: 15s }', delays: '[5s, 30s, 150s]' };

const list = 'data/recipients.csv';
const hurried = 'ada@example.com';
const concurrency = 20;

export const campaign: Example<CampaignSize> = { name: 'campaign', title: 'Campaign: a newsletter by SMTP, and a password reset in its middle', full, small, run, serve };

async function run(size: CampaignSize, context: ExampleContext): Promise<ExampleReport> {
  const stage = await Stage.open(import.meta.dirname, context);
  try {
    const watch = new Watch();
    const server = makeServer(size, watch);
    const port = await server.start();
    stage.defer(() => server.stop());
    await stage.prepare({ changes: changesFor(size, port), files: { [list]: makeList(size.recipients) } });
    const { narrator } = context;
    narrator.event(`${formatCount(size.recipients)} recipients, at most ${formatCount(size.limit)} e-mails in ${formatMs(size.perMs)}. The mail server refuses what comes faster.`);
    watch.onNote(() => narrator.progress(() => progressOf(server, size)));
    return await carryOut(size, stage, server, watch, context);
  } finally {
    await stage.close();
  }
}

async function carryOut(size: CampaignSize, stage: Stage, server: MailServer, watch: Watch, { narrator }: ExampleContext): Promise<ExampleReport> {
  await stage.startDaemon();
  narrator.event('First a test letter to ourselves, then to everybody:');
  await stage.runToEnd(['newsletter', '-i', 'list=data/ourselves.csv', '-i', 'subject=Test']);
  const letter = stage.runToEnd<RunDetail>(['newsletter']);
  letter.catch(() => watch.note());
  await stage.until(Promise.race([letter, watch.when(() => server.mails.length >= size.recipients / 2)]));

  // In the middle of it, somebody has forgotten a password.
  const [queue] = (await stage.ask<QueueView[]>('queues')).filter(({ name }) => name === 'esp');
  const id = (await stage.sluice(['run', 'password_reset', '-i', `to=${hurried}`, '-i', 'link=https://id.example/7'])).trim();
  const reset = await stage.until(resetMail(server, watch));
  const resetRun = await stage.ask<RunDetail>('run-show', id);
  const overtaken = overtakenBy(reset, server.mails, Date.parse(resetRun.createdAt));
  narrator.event(`The reset arrived ${formatMs(overtaken.ms)} after it was accepted, behind ${overtaken.before} other e-mails, where ${formatCount(queue?.depth.pending ?? 0)} were waiting.`);

  const ended = await stage.until(letter);
  const jobs = await stage.ask<JobSummary[]>('jobs', '--queue', 'esp', '--limit', String(size.recipients + 10));
  return reportOf({ size, server, jobs, letter: ended, overtaken });
}

async function resetMail(server: MailServer, watch: Watch): Promise<Mail> {
  const find = (): Mail | undefined => server.mails.findLast(({ to }) => to === hurried);
  await watch.when(() => find() !== undefined);
  const mail = find();
  if (mail === undefined) throw new Error('the reset has not arrived');
  return mail;
}

interface Overtaken {
  /** From the moment at which Sluice had accepted it to its arrival. */
  readonly ms: number;
  /** E-mails that arrived in between. */
  readonly before: number;
}

function overtakenBy(reset: Mail, mails: readonly Mail[], acceptedAt: number): Overtaken {
  return { ms: Math.max(0, reset.at - acceptedAt), before: mails.filter(({ at }) => at >= acceptedAt && at < reset.at).length };
}

interface Outcome {
  readonly size: CampaignSize;
  readonly server: MailServer;
  readonly jobs: readonly JobSummary[];
  readonly letter: RunDetail;
  readonly overtaken: Overtaken;
}

function reportOf({ size, server, jobs, letter, overtaken }: Outcome): ExampleReport {
  const people = new Set(server.mails.map(({ to }) => to));
  const twice = server.mails.length - new Set(server.mails.map(({ messageId }) => messageId)).size;
  const unknown = countUpTo(size.recipients, isUnknown);
  const most = server.tries.mostIn(size.perMs);
  const attempts = jobs.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
  return {
    jobs: jobs.length,
    attempts,
    arrived: people.size,
    twice,
    limit: `${formatCount(size.limit)} in ${formatMs(size.perMs)}`,
    most: formatCount(most),
    fixed: [
      `the server put off ${formatCount(server.putOff)} e-mails (451): all arrived later`,
      `${formatCount(unknown)} addresses don't exist (550): dead letters, within the tolerated 1%`,
      `a password reset in the middle came after ${overtaken.before} mails, ${formatMs(overtaken.ms)}`,
    ],
    findings: [
      same('people who got their e-mail', people.size, size.recipients + 2 - unknown, `${formatCount(unknown)} addresses don't exist`),
      same('tries that the server saw', server.tries.count, attempts, 'as many as Sluice counted'),
      same('e-mails that came twice', twice, 0),
      same('e-mails put off, that came later', server.putOff, countUpTo(size.recipients, isGreylisted)),
      atMost(`most in any ${formatMs(size.perMs)}`, most, size.limit, `limit ${formatCount(size.limit)}`),
      same('refused because they came too fast', server.refusedByLimit, 0),
      atMost('password reset: e-mails before it', overtaken.before, concurrency, `at most ${concurrency}, already on their way`),
      { what: 'password reset: arrived after', seen: formatMs(overtaken.ms), ok: true },
      same('dead letters', letter.jobs.dead, unknown),
      { what: 'the run', seen: letter.state, ok: letter.state === 'succeeded' },
    ],
  };
}

function progressOf(server: MailServer, size: CampaignSize): string {
  const arrived = server.mails.length;
  return `${bar(arrived, size.recipients)} ${formatCount(arrived)} of ${formatCount(size.recipients)} e-mails; ${formatCount(server.putOff)} put off, ${formatCount(server.bounced)} bounced`;
}

function makeServer({ limit, perMs }: CampaignSize, watch: Watch): MailServer {
  return new MailServer({
    watch,
    limit,
    perMs,
    isUnknown: (address) => isUnknown(numberOf(address)),
    isGreylisted: (address) => isGreylisted(numberOf(address)),
  });
}

/** Recipients are numbered from 1: `person17@example.com`. */
function numberOf(address: string): number {
  return Number(/^person(\d+)@/.exec(address)?.[1] ?? 0);
}

function isUnknown(number: number): boolean {
  return number % 400 === 150;
}

function isGreylisted(number: number): boolean {
  return number % 100 === 50 && !isUnknown(number);
}

function countUpTo(last: number, holds: (number: number) => boolean): number {
  return Array.from({ length: last }, (_, index) => index + 1).filter(holds).length;
}

function makeList(recipients: number): string {
  const rows = Array.from({ length: recipients }, (_, index) => `person${index + 1}@example.com,Person ${index + 1}\n`);
  return `email,name\n${rows.join('')}`;
}

function changesFor(size: CampaignSize, port: number): readonly Change[] {
  return [
    { file: '.sluice/connections.yaml', from: 'port: 2525', to: `port: ${port}` },
    { file: '.sluice/queues.yaml', from: full.rate, to: size.rate, isScaled: true },
    { file: '.sluice/queues.yaml', from: full.delays, to: size.delays, isScaled: true },
  ];
}

async function serve(): Promise<Servers> {
  const watch = new Watch();
  const server = makeServer(full, watch);
  await server.start(2525);
  return {
    secrets: {},
    tryThis: ['sluice run newsletter --wait', 'sluice run password_reset -i to=ada@example.com -i link=https://id.example/7'],
    status: () => `${formatCount(server.mails.length)} e-mails have arrived, the last to ${server.mails.at(-1)?.to ?? 'nobody'}`,
    onNote: (listener) => watch.onNote(listener),
    stop: () => server.stop(),
  };
}
