import assert from 'node:assert/strict';
import type { AlertReceiverView } from '../../schemas/protocol/alert.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { SmtpSink } from '../support/smtp-sink.ts';
import { eventually, FaultProject } from './fault-project.ts';

describe('alerts that reach people, over restarts', () => {
  let chat: HttpSink;
  let erp: HttpSink;
  let mail: SmtpSink;
  let project: FaultProject;
  beforeEach(async () => {
    chat = new HttpSink();
    erp = new HttpSink({ respond: () => ({ status: 400 }) });
    mail = new SmtpSink();
    const [{ url }, { url: erpUrl }, { host, port }] = [await chat.start(), await erp.start(), await mail.start()];
    project = await FaultProject.make({
      'config.yaml': `alerts:\n  - { webhook: "\${{ secrets.CHAT }}", format: slack }\n  - { email: ops@example.com, connection: esp, from: error }\n`,
      'connections.yaml': `connections:\n  esp: { type: smtp, host: ${host}, port: ${port}, tls: none, from: "Sluice <sluice@example.com>" }\n`,
      'queues.yaml': 'queues:\n  erp: { retry: none, alerts: { dead-letters: { error: 1 } } }\n  crm: { retry: none, alerts: { dead-letters: { warning: 1 } } }\n',
      'workflows/call.yaml': `steps:\n  one: { queue: erp, uses: webhook/send, with: { url: "${erpUrl}", body: {} } }\n  two: { queue: crm, uses: webhook/send, with: { url: "${erpUrl}", body: {} } }\n`,
    });
    env = { SLUICE_SECRET_CHAT: `${url}/s3cr3t` };
  });
  afterEach(async () => {
    await project.dispose();
    await Promise.all([chat.stop(), erp.stop(), mail.stop()]);
  });
  let env: NodeJS.ProcessEnv;

  const receivers = async ({ client }: DaemonProcess): Promise<readonly AlertReceiverView[]> => (await client.call('alert/list', {})).receivers;
  const delivered = (daemon: DaemonProcess, count: number): Promise<true> =>
    eventually('all receivers are told', async () => ((await receivers(daemon)).filter(({ past, waiting }) => past.length > 0 && waiting === undefined).length === count ? true : undefined));

  it('are one message and one mail, whatever is restarted between the crossing and the delivery, and after it', async () => {
    let daemon = await project.start({ env });
    await daemon.client.call('run/start', { workflow: 'call' });
    await project.logged(/crossed a threshold[^]*crossed a threshold/);
    assert.equal(chat.requests.length, 0, 'nothing is told before others could have crossed as well');
    await daemon.kill();
    daemon = await project.start({ env });
    await delivered(daemon, 2);
    await daemon.kill();
    daemon = await project.start({ env });
    await delivered(daemon, 2);
    assert.deepEqual(chat.requests.map(({ path }) => path), ['/s3cr3t']);
    assert.deepEqual(JSON.parse(chat.requests[0]?.body ?? ''), {
      text: `*Alerts in ${project.folder.split('/').at(-1) ?? ''}: 1 error, 1 warning*\n• Error: Dead letters of erp: 1; the threshold is 1.\n• Warning: Dead letters of crm: 1; the threshold is 1.`,
    });
    assert.equal(mail.mails.length, 1);
    assert.match(mail.mails[0]?.source ?? '', /^Subject: Error in .*: dead letters \(erp\)\r?$/m);
    assert.equal((await project.log()).includes('s3cr3t'), false);
    const { unreached } = await daemon.client.call('daemon/status', {});
    assert.equal(unreached, undefined);
    assert.equal((await project.log()).split('\n').filter((line) => line.includes('alerts were told')).length, 2);
  });

  it('are repeated once, with the same id, where the daemon dies between sending and noting', async () => {
    await project.write('config.yaml', `alerts:\n  - { webhook: "\${{ secrets.CHAT }}" }\n`);
    const dying = project.launch({ env, failPoint: 'alert-sent' });
    await dying.ready();
    await dying.client.call('run/start', { workflow: 'call' });
    assert.equal((await dying.ended).signal, 'SIGKILL');
    assert.equal(chat.requests.length, 1);
    const daemon = await project.start({ env });
    await delivered(daemon, 1);
    assert.equal(chat.requests.length, 2);
    assert.equal(chat.requests[0]?.headers['webhook-id'], chat.requests[1]?.headers['webhook-id']);
    assert.match(String(chat.requests[0]?.headers['webhook-id']), /^alert-[0-9a-f]{18}$/);
  });

  it('that reach nobody are seen: in the status, in the log, and by a test', async () => {
    chat.respond = () => ({ status: 404, body: 'no_service' });
    const daemon = await project.start({ env });
    await daemon.client.call('run/start', { workflow: 'call' });
    const [unreached] = await eventually('the status says it', async () => (await daemon.client.call('daemon/status', {})).unreached);
    assert.deepEqual([unreached?.receiver, unreached?.count], ['secrets.CHAT', 2]);
    assert.match(unreached?.problem ?? '', /answered 404 Not Found\. no_service$/);
    await project.logged(/alerts could not be told/);
    const { tests } = await daemon.client.call('alert/test', {});
    assert.deepEqual(tests.map(({ receiver, ok }) => [receiver, ok]), [['secrets.CHAT', false], ['ops@example.com', true]]);
    assert.match(mail.mails.at(-1)?.source ?? '', /^Subject: Test from /m);
    const told = await daemon.client.call('alert/test', { receiver: 'ops@example.com' });
    assert.deepEqual(told.tests.length, 1);
    await assert.rejects(daemon.client.call('alert/test', { receiver: 'boss@example.com' }), /There is no receiver of alerts boss@example\.com/);
  });
});
