import assert from 'node:assert/strict';
import { sign } from '@octokit/webhooks-methods';
import { DaemonProcess } from '../support/daemon-process.ts';
import { freePort } from '../support/free-port.ts';
import { TemporaryProject } from '../unit/daemon/cli/temporary-project.ts';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const deliveries = 2_000;
/** A daemon dies when this many more were accepted. */
const killEvery = 200;
const senders = 8;
const secret = 'kill-secret-4711';

describe('webhooks and kill -9', () => {
  it(`of ${deliveries} deliveries, sent until they are accepted, each has its run exactly once`, async () => {
    const project = await TemporaryProject.make();
    const port = await freePort();
    const write = async (file: string, text: string): Promise<void> => {
      await mkdir(path.dirname(path.join(project.folder, file)), { recursive: true });
      await writeFile(path.join(project.folder, file), text);
    };
    await write('.sluice/config.yaml', `webhooks: { listen: "127.0.0.1:${port}" }\n`);
    // A queue that starts nothing: only what is accepted counts here.
    await write('.sluice/workflows/events.yaml', `on: { webhook: { path: events, verify: { scheme: github, secret: "\${{ secrets.HOOK }}" } } }
queues: { still: { rate: 1/d } }
steps: { only: { queue: still, uses: http/request, with: { url: "http://127.0.0.1:9/\${{ trigger.body.n }}" } } }
`);
    const env = { SLUICE_SECRET_HOOK: secret };
    let daemon = await DaemonProcess.start(project.folder, { env });
    /** What each was answered first with 202. */
    const accepted = new Map<number, string>();
    let [next, kills, repeats] = [0, 0, 0];
    let starting: Promise<void> = Promise.resolve();
    const restart = async (): Promise<void> => {
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.ended;
      daemon = await DaemonProcess.start(project.folder, { env });
    };
    const send = async (n: number): Promise<string | undefined> => {
      const body = JSON.stringify({ n });
      try {
        const response = await fetch(`http://127.0.0.1:${port}/hooks/events`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', 'x-github-delivery': `event-${n}`, 'x-hub-signature-256': await sign(secret, body) },
        });
        const text = await response.text();
        return response.status === 202 ? /"id":"(d\d+)"/.exec(text)?.[1] : undefined;
      } catch {
        return undefined;
      }
    };
    const sender = async (): Promise<void> => {
      for (let n = next++; n < deliveries; n = next++) {
        for (;;) {
          const id = await send(n);
          if (id !== undefined) {
            accepted.set(n, id);
            break;
          }
          repeats++;
          await starting;
        }
        if (accepted.size >= killEvery * (kills + 1) && accepted.size < deliveries) {
          kills++;
          starting = restart();
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: senders }, sender));
      await starting;
      assert.equal(kills, deliveries / killEvery - 1);
      assert.ok(repeats > 0, 'no kill has cut anything off');
      const runs: { readonly id: string; readonly trigger: { readonly delivery?: string | undefined } }[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await daemon.client.call('run/list', { limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
        runs.push(...page.runs);
        cursor = page.next;
        if (cursor === undefined) break;
      }
      // Each event has one run, and each answer names its delivery.
      assert.equal(runs.length, deliveries);
      assert.deepEqual([...accepted.values()].sort(), runs.map(({ trigger }) => trigger.delivery ?? '').sort());
      for (const n of [0, 199, 200, 1000, 1999]) assert.equal(await send(n), accepted.get(n), 'a sender that repeats gets its first answer');
    } finally {
      await daemon.client.close().catch(() => undefined);
      process.kill(daemon.pid, 'SIGKILL');
      await daemon.ended;
      await project.remove();
    }
  });
});
