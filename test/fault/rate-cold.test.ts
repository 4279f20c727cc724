import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { HttpSink } from '../support/http-sink.ts';
import { testCertificate } from '../support/test-certificate.ts';
import { endOfRun, FaultProject } from './fault-project.ts';

/** A server whose connections can't be used until some time after the first was made: then all of them can. */
async function slowToBegin(target: number, delayMs: number): Promise<{ readonly port: number; readonly server: Server }> {
  let ready: Promise<undefined> | undefined;
  const server = createServer((socket) => {
    ready ??= new Promise((resolve) => setTimeout(resolve, delayMs, undefined));
    const onward = connect(target, '127.0.0.1');
    for (const one of [socket, onward]) one.on('error', () => one.destroy());
    socket.on('close', () => onward.destroy());
    onward.pipe(socket);
    void ready.then(() => socket.pipe(onward));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

describe('a rate, in the first second of a daemon', () => {
  it('spaces what arrives, though the first attempts load code and wait for their connections', async () => {
    const sink = new HttpSink({ keepBodies: false, https: true });
    const relay = await slowToBegin((await sink.start()).port, 1000);
    const project = await FaultProject.make({
      'certificate.pem': testCertificate.cert,
      'workflows/send.yaml': `
queues: { limited: { rate: { limit: 5, per: 1s, burst: 1 }, concurrency: 50 } }
inputs: { list: { type: array } }
steps:
  send: { queue: limited, foreach: { items: "\${{ inputs.list }}", on-item-failure: fail }, uses: http/request, with: { url: "https://127.0.0.1:${relay.port}/" } }
`,
    });
    try {
      const { client } = await project.start({ env: { NODE_EXTRA_CA_CERTS: path.join(project.folder, '.sluice', 'certificate.pem') } });
      const { id } = await client.call('run/start', { workflow: 'send', inputs: { list: Array.from({ length: 10 }, (_, index) => index) } });
      await endOfRun(client, id);
      const times = sink.requests.map(({ at }) => at);
      console.log(`        arrived after ${times.map((at) => Math.round(at - (times[0] ?? 0))).join(', ')} ms`);
      assert.equal(times.length, 10);
      // Three spacings are 600 ms; without care for what leaves, the first five arrive within a few milliseconds.
      assert.ok((times[3] ?? 0) - (times[0] ?? 0) > 300);
    } finally {
      await project.dispose();
      await sink.stop();
      relay.server.close();
    }
  });
});
