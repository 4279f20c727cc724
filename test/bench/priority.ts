import { setTimeout as delay } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { SmtpSink } from '../support/smtp-sink.ts';
import { withProject } from './bench-folder.ts';
import type { Bench } from './figure.ts';
import { untilPending, writeItems } from './many-jobs.ts';
import { median } from './sample.ts';

const perMinute = 1000;
const urgentTo = 'urgent@example.com';

const projectFiles = (port: number): Readonly<Record<string, string>> => ({
  'connections.yaml': `connections:\n  esp: { type: smtp, host: 127.0.0.1, port: ${port}, tls: none, from: "News <news@example.com>" }\n`,
  'queues.yaml': `queues:\n  esp: { rate: { limit: ${perMinute}, per: 1m, burst: 1 }, concurrency: 20 }\n`,
  'workflows/campaign.yaml': `steps:
  send:
    queue: esp
    priority: low
    foreach: { file: items.csv, key: "\${{ item.email }}", on-item-failure: continue }
    uses: email/send
    with: { connection: esp, to: "\${{ item.email }}", subject: News, text: "Hello \${{ item.name }}" }
`,
  'workflows/reset.yaml': `steps:
  send:
    queue: esp
    priority: high
    uses: email/send
    with: { connection: esp, to: ${urgentTo}, subject: Your new password, text: "Here it is." }
`,
});

/** A password reset while 50,000 letters wait: how many of them go out before it does. */
export const priority: Bench = async ({ quick, progress }) => {
  const waiting = quick ? 5000 : 50_000;
  const rounds = quick ? 3 : 10;
  const sink = new SmtpSink({ keepBodies: false });
  const { port } = await sink.start();
  try {
    return await withProject(projectFiles(port), async (folder) => {
      await writeItems(folder, waiting);
      const daemon = await DaemonProcess.start(folder);
      try {
        const { client } = daemon;
        await client.call('queue/pause', { queue: 'esp' });
        await client.call('run/start', { workflow: 'campaign' });
        await untilPending(client, 'esp', waiting);
        await client.call('queue/resume', { queue: 'esp' });
        await sink.received(20);
        progress(`${waiting} letters wait, and go out at ${perMinute} a minute`);

        const passed: number[] = [];
        const waits: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const urgentBefore = sink.mails.filter(isUrgent).length;
          await client.call('run/start', { workflow: 'reset' });
          const acceptedAt = performance.timeOrigin + performance.now();
          let urgent;
          while ((urgent = sink.mails.filter(isUrgent)[urgentBefore]) === undefined) await delay(1);
          const { at } = urgent;
          passed.push(sink.mails.filter((mail) => !isUrgent(mail) && mail.at > acceptedAt && mail.at < at).length);
          waits.push(at - acceptedAt);
          // Another moment of the time between two letters each time.
          await delay(300 + Math.random() * 100);
        }
        progress(`letters before each reset: ${passed.join(', ')}`);
        return [
          { what: `letters between accept and arrival, worst of ${rounds}`, value: Math.max(...passed), unit: 'e-mails', target: { atMost: 1 }, note: 'one may be on its way already' },
          { what: '… of all rounds together', value: passed.reduce((sum, one) => sum + one, 0), unit: 'e-mails' },
          { what: 'accept to arrival, p50', value: median(waits), unit: 'ms', note: `one place each ${Math.round(60_000 / perMinute)} ms` },
        ];
      } finally {
        await daemon.dispose();
      }
    });
  } finally {
    await sink.stop();
  }
};

function isUrgent({ to }: { readonly to: readonly string[] }): boolean {
  return to.includes(urgentTo);
}
