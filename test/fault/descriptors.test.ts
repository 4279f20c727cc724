import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpSink } from '../support/http-sink.ts';
import { SmtpSink } from '../support/smtp-sink.ts';
import { endOfRun, eventually, FaultProject } from './fault-project.ts';

const jobs = 300;

describe('a machine that has few file descriptors', () => {
  before(function () {
    if (process.platform === 'win32') this.skip();
  });

  for (const descriptors of [64, 128]) {
    it(`delivers all of ${jobs} jobs with ${descriptors} of them, and says what it lacks`, async () => {
      // Answers take a while, so that the daemon asks for as many connections as its queues allow, and runs out.
      const sink = new HttpSink({
        keepBodies: false,
        respond: async () => {
          await delay(150);
          return {};
        },
      });
      const { port } = await sink.start();
      const smtp = new SmtpSink({ keepBodies: false });
      const mail = await smtp.start();
      const project = await FaultProject.make({
        'connections.yaml': `connections:\n  esp: { type: smtp, host: 127.0.0.1, port: ${mail.port}, tls: none, pool: 20, from: a@example.com }\n`,
        'workflows/send.yaml': `
queues: { calls: { concurrency: 200, retry: none }, mails: { concurrency: 40, retry: none } }
inputs: { list: { type: array } }
steps:
  call:
    queue: calls
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    uses: http/request
    with: { url: "http://localhost:${port}", headers: { authorization: "\${{ secrets.TOKEN }}" } }
  mail:
    queue: mails
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    uses: email/send
    with: { connection: esp, to: b@example.com, subject: s, text: t, attachments: [{ path: note.txt }] }
`,
        '../note.txt': 'a note',
      });
      try {
        const { client } = await project.start({ launcher: ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh'] });
        await client.call('secret/set', { name: 'TOKEN', value: 'abcdefgh', persist: true });
        const { id } = await client.call('run/start', { workflow: 'send', inputs: { list: Array.from({ length: jobs }, (_, index) => index) } });
        const seen = eventually('what is lacking is said', async () => (await client.call('daemon/status', {})).machine);
        const run = await endOfRun(client, id);
        const { problem } = await seen;
        assert.match(problem, /lacks file descriptors \(E[MN]FILE\)/);
        const { jobs: dead } = await client.call('job/list', { run: id, state: 'dead', limit: 10 });
        assert.deepEqual(dead.map(({ error }) => error), []);
        assert.deepEqual(
          run.steps.map(({ id: step, jobs: counted }) => [step, counted.succeeded, counted.dead]),
          [['call', jobs, 0], ['mail', jobs, 0]],
        );
        assert.equal(sink.requests.length, jobs);
        assert.equal(smtp.mails.length, jobs);
        const warned = (await project.log()).split('\n').filter((line) => line.includes('this machine lacks'));
        assert.ok(warned.length >= 1 && warned.length < 10, `${warned.length} lines in the log`);
      } finally {
        await project.dispose();
        await sink.stop();
        await smtp.stop();
      }
    });
  }
});
