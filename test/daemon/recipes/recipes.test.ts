import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { recipes } from '../../../schemas/language/templates/recipes.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { JobDetail, JobSummary } from '../../../schemas/protocol/job.ts';
import type { RunDetail } from '../../../schemas/protocol/run.ts';
import { HttpSink } from '../../support/http-sink.ts';
import { SmtpSink } from '../../support/smtp-sink.ts';
import { testCertificate } from '../../support/test-certificate.ts';
import { RealProject } from '../cli/real-project.ts';
import { github, openAi, S3 } from './call-services.ts';
import { GoogleSheets } from './google-sheets.ts';
import { slackChannel, Slack, telegram, twilio } from './message-services.ts';
import { airtable, hubspot, notion } from './record-services.ts';
import type { Service } from './service.ts';

interface Trial {
  readonly recipe: string;
  readonly service: Service;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly outputs: Json;
  /** Inputs that the service refuses, and what the dead letter says. */
  readonly refused: Readonly<Record<string, Json>>;
  readonly because: RegExp;
}

const contacts = ['email,firstname', 'P7@example.com,Seven', ',Nobody', ...Array.from({ length: 150 }, (_, index) => `p${index}@example.com,P${index}`)].join('\n');
const records = (count: number, name: string): Json => Array.from({ length: count }, (_, index) => ({ Email: `p${index}@example.com`, [name]: `P${index}` }));

describe('recipes, against servers that answer as the documentation of each service says', function () {
  this.timeout(120_000);
  const sink = new HttpSink();
  const smtp = new SmtpSink({ tls: 'starttls', auth: { user: 'you@gmail.com', password: 'app-password' } });
  let url = '';
  let project: RealProject;
  let mailPort = 0;
  const s3 = new S3();
  const sheets = new GoogleSheets(() => url);
  const slack = new Slack();

  const trials: readonly Trial[] = [
    { recipe: 'slack_message', service: slack, inputs: { channel: slackChannel, text: 'Hi' }, outputs: { ts: '1503435956.000247' }, refused: { channel: 'C9', text: 'Hi' }, because: /answered 200, but `ok` of its body is false and not true\. It says: channel_not_found/ },
    { recipe: 'telegram_message', service: telegram, inputs: { chat: '-1001234567890', text: 'Hi' }, outputs: { message_id: 42 }, refused: { chat: '-1', text: 'Hi' }, because: /answered 400 Bad Request/ },
    { recipe: 'twilio_sms', service: twilio, inputs: { to: '+4915112345678', text: 'Hi' }, outputs: { sid: 'SM87105da94bff44b999e4e6eb90d8eb6a' }, refused: { to: '+15005550001', text: 'Hi' }, because: /answered 400 Bad Request/ },
    { recipe: 'google_sheets_read', service: sheets, inputs: { spreadsheet: '1BxiMVs0', range: 'Deals & more' }, outputs: { rows: [{ name: 'Ann', total: 12, note: 'x' }, { name: 'Bob', total: 0.5, note: '' }] }, refused: { spreadsheet: 'other' }, because: /answered 404 Not Found/ },
    { recipe: 'google_sheets_append', service: sheets, inputs: { spreadsheet: '1BxiMVs0', sheet: 'Deals & more', rows: [['Cy', 3, ''], ['Di', 4, '=1+1']] }, outputs: { range: "'Deals & more'!A4:C5", rows: 2 }, refused: { spreadsheet: 'other', rows: [['x']] }, because: /answered 404 Not Found/ },
    { recipe: 'airtable_records', service: airtable, inputs: { base: 'appLkNDICXNqxSDhG', table: 'People & places', match: 'Email', records: records(10, 'Name') }, outputs: { created: 9 }, refused: { base: 'appLkNDICXNqxSDhG', table: 'People & places', match: 'Email', records: records(1, 'Nmae') }, because: /answered 422 Unprocessable Entity/ },
    { recipe: 'notion_page', service: notion, inputs: { data_source: '1a44be12-0953-4631-b498-9e5817518db8', title: 'Meeting', text: 'At nine' }, outputs: { url: 'https://www.notion.so/Meeting-be633bf1' }, refused: { data_source: 'other', title: 'Meeting' }, because: /answered 404 Not Found/ },
    { recipe: 'graphql_call', service: github, inputs: { owner: 'octocat', repository: 'hello-world' }, outputs: { count: 1, issues: [{ number: 7, title: 'Broken', url: 'https://github.com/octocat/hello-world/issues/7' }] }, refused: { owner: 'octocat', repository: 'nothing' }, because: /`errors` of its body is \[\{"type":"NOT_FOUND".*Could not resolve to a Repository/ },
    { recipe: 'ai_chat', service: openAi, inputs: { question: 'Which colour has the sky?' }, outputs: { answer: 'Blue.', complete: true, tokens: 21, prompt_tokens: 19, completion_tokens: 2 }, refused: { question: 'x', model: 'gpt-0' }, because: /answered 404 Not Found/ },
    { recipe: 's3_put', service: s3, inputs: { key: 'reports/März 2026 (1).json', text: '{"ä":1}', type: 'application/json' }, outputs: { etag: '"857cb81aac5504aec0a7ca4654e35a24"' }, refused: { key: 'locked/x', text: 'x' }, because: /answered 403 Forbidden/ },
  ];
  const tried = [...trials.map(({ recipe }) => recipe), 'hubspot_contacts', 'gmail_message'];

  before(async () => {
    ({ url } = await sink.start());
    ({ port: mailPort } = await smtp.start());
    project = await RealProject.make({ 'ca.pem': testCertificate.cert, 'data/contacts.csv': contacts });
    for (const { id } of recipes) {
      const { code, stderr } = await project.type(`recipes add ${id}`);
      assert.deepEqual([code, stderr], [0, ''], id);
    }
    const services = [...trials.map(({ service }) => service), hubspot];
    const edit = async (file: string): Promise<void> => {
      let text = await readFile(path.join(project.folder, file), 'utf8');
      for (const { origin } of services) text = text.replaceAll(origin, url);
      text = text.replace('host: smtp.gmail.com', 'host: 127.0.0.1\n    ca: ca.pem').replace('port: 587', `port: ${mailPort}`);
      // As it is written it would take minutes: a test of the file shows that it is valid, and those of the engine that it is kept to.
      text = text.replace(/delays: \[.*?\]/, 'delays: [50ms, 50ms, 50ms]').replace(/first: \w+,/, 'first: 50ms,').replace(/^ {4}rate: .*$/m, '    rate: 1000/s');
      await project.write(file, text);
    };
    await Promise.all(recipes.map(({ id }) => edit(`.sluice/workflows/${id}.yaml`)));
    await edit('.sluice/connections.yaml');
    const secrets = { ...Object.assign({}, ...services.map((service) => service.secrets)) as Record<string, string>, GMAIL_PASSWORD: 'app-password' };
    const up = await project.type('up', { env: Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`SLUICE_SECRET_${name}`, value])) });
    assert.equal(up.code, 0, up.stderr);
  });
  after(async () => {
    await project.remove();
    await Promise.all([sink.stop(), smtp.stop()]);
  });

  async function run(recipe: string, inputs: Readonly<Record<string, Json>>): Promise<RunDetail> {
    const given = Object.entries(inputs).flatMap(([name, value]) => ['-i', `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`]);
    const { stdout, stderr } = await project.type(['run', recipe, ...given, '--wait', '--json']);
    assert.ok(stdout !== '', stderr);
    return JSON.parse(stdout) as RunDetail;
  }

  async function deadLetterOf(id: string): Promise<JobDetail> {
    const dead = (await project.json<readonly JobSummary[]>('dead')).filter((one) => one.run === id);
    assert.equal(dead.length, 1);
    return project.json<JobDetail>(`job ${dead[0]?.id}`);
  }

  it('are all tried', () => {
    assert.deepEqual([...tried].sort(), recipes.map(({ id }) => id).sort());
  });

  for (const { recipe, service, inputs, outputs, refused, because } of trials) {
    describe(recipe, () => {
      it('sends what the service takes, and gives what it answered', async () => {
        sink.respond = (request) => service.answer(request);
        const { state, outputs: found, steps } = await run(recipe, inputs);
        assert.deepEqual([state, found], ['succeeded', outputs], JSON.stringify(steps));
      });

      it('waits and calls again, as the same call, if it comes too fast', async () => {
        let calls = 0;
        sink.respond = (request) => (++calls === 1 ? service.throttled : service.answer(request));
        const first = sink.requests.length;
        const { id, state, steps } = await run(recipe, inputs);
        assert.equal(state, 'succeeded', JSON.stringify(steps));
        const keys = sink.requests.slice(first).map(({ headers }) => headers['idempotency-key']);
        assert.deepEqual([keys.length, new Set(keys).size], [2, 1]);
        const [job] = await project.json<readonly JobSummary[]>(['jobs', '--where', `run == '${id}' && uses == 'http/request'`]);
        const { attempts } = await project.json<JobDetail>(`job ${job?.id}`);
        assert.deepEqual(attempts.map((attempt) => attempt.state), [service.isCharged === true ? 'failed' : 'throttled', 'succeeded']);
      });

      it('is a dead letter after one call, with the answer, if it is refused', async () => {
        sink.respond = (request) => service.answer(request);
        const first = sink.requests.length;
        const { id, state } = await run(recipe, refused);
        assert.equal(state, 'failed');
        assert.equal(sink.requests.length - first, 1);
        const { attempts, error } = await deadLetterOf(id);
        assert.equal(attempts.length, 1);
        assert.match(error?.message ?? '', because);
        assert.ok(attempts[0]?.response !== undefined);
        const records = JSON.stringify(attempts);
        for (const secret of Object.values(service.secrets)) assert.ok(!records.includes(secret));
      });
    });
  }

  it('slack_message is sent by a replay when the app has been invited', async () => {
    sink.respond = (request) => slack.answer(request);
    const { id } = await run('slack_message', { channel: 'C7', text: 'Later' });
    const { id: job } = await deadLetterOf(id);
    slack.channels.add('C7');
    assert.equal((await project.type(`dead replay ${job}`)).code, 0);
    await project.until({ topic: 'run', id }, (seen) => seen.run?.state === 'succeeded');
  });

  describe('hubspot_contacts', () => {
    const batches = (from: number): readonly number[] => sink.requests.slice(from).map(({ body }) => (JSON.parse(body ?? '{}') as { readonly inputs: readonly unknown[] }).inputs.length).sort();

    it('sends a file in batches of a hundred, each contact once', async () => {
      sink.respond = (request) => hubspot.answer(request);
      const first = sink.requests.length;
      const { state, steps } = await run('hubspot_contacts', { contacts: 'data/contacts.csv' });
      assert.equal(state, 'succeeded', JSON.stringify(steps));
      assert.deepEqual(batches(first), [100, 50]);
    });

    it('waits if it comes too fast, and has a dead letter for a batch that is refused', async () => {
      let calls = 0;
      sink.respond = (request) => (++calls === 1 ? hubspot.throttled : hubspot.answer(request));
      assert.equal((await run('hubspot_contacts', { contacts: 'data/contacts.csv' })).state, 'succeeded');
      assert.equal(calls, 3);
      await project.write('data/wrong.csv', 'email,colour\na@example.com,red\n');
      const { id, state } = await run('hubspot_contacts', { contacts: 'data/wrong.csv' });
      assert.equal(state, 'failed');
      const { attempts, error } = await deadLetterOf(id);
      assert.deepEqual([attempts.length, error?.status], [1, 400]);
      assert.match(JSON.stringify(attempts[0]?.response), /Property \\*"colour\\*" does not exist/);
    });
  });

  describe('gmail_message', () => {
    const mail = { to: 'ada@example.com', subject: 'Grüße', text: 'Hello' };

    it('logs in over TLS and sends, after a greylisting or a limit too', async () => {
      const { state, outputs } = await run('gmail_message', mail);
      assert.equal(state, 'succeeded');
      const [sent] = smtp.mails;
      assert.deepEqual([sent?.secure, sent?.user, sent?.to], [true, 'you@gmail.com', ['ada@example.com']]);
      assert.deepEqual(outputs, { message_id: sent?.headers['message-id'] });
      smtp.script = ({ stage, earlier }) => (stage === 'rcpt' && earlier === 1 ? { code: 450, text: '4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.' } : undefined);
      assert.equal((await run('gmail_message', mail)).state, 'succeeded');
      assert.equal(smtp.mails.length, 2);
    });

    it('is a dead letter if Gmail refuses the recipient', async () => {
      smtp.script = ({ stage }) => (stage === 'rcpt' ? { code: 550, text: '5.1.1 The email account that you tried to reach does not exist.' } : undefined);
      const { id, state } = await run('gmail_message', { ...mail, to: 'nobody@example.com' });
      const { attempts, error } = await deadLetterOf(id);
      assert.deepEqual([state, attempts.length], ['failed', 1]);
      assert.match(error?.message ?? '', /5\.1\.1/);
    });
  });

  describe('what the services have', () => {
    it('google_sheets_append has added its rows as they were, and each once', () => {
      assert.deepEqual(sheets.rows.slice(3), [['Cy', 3, ''], ['Di', 4, '=1+1'], ['Cy', 3, ''], ['Di', 4, '=1+1']], 'two runs');
    });

    it('s3_put has written the object under its key', () => {
      assert.equal(s3.objects.get('reports/März 2026 (1).json'), '{"ä":1}');
    });
  });
});
