import assert from 'node:assert/strict';
import { analyseConnections } from '../../../../schemas/workflow/analysis/analyse-connections.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

describe('steps that name an HTTP connection', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench({ env: { SLUICE_SECRET_SET: 'value' } });
    bench.connections =
      analyseConnections(`connections:
  slow: { type: http, url: "https://slow.example", timeout: 2m, auth: { type: bearer, token: "\${{ secrets.SET }}" } }
  plain: { type: http, url: "https://plain.example" }
  header: { type: http, url: "https://h.example", headers: { x-key: "\${{ secrets.GONE }}" } }
  client: { type: http, url: "https://c.example", auth: { type: oauth2, grant: client-credentials, token-url: "https://c.example/t", client-id: "\${{ secrets.SET }}", client-secret: "\${{ secrets.GONE }}" } }
`).value ?? assert.fail();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const hang = (connection: string, more = ''): string => `
queues: { api: { timeout: 10s, retry: none } }
steps:
  call: { queue: api, uses: test/scripted${more}, with: { do: hang, connection: ${connection} } }
`;

  for (const [what, text, seconds] of [
    ['its own', hang('slow'), 120],
    ["the step's, which wins", hang('slow', ', timeout: 5s'), 5],
    ["the queue's, if it has none", hang('plain'), 10],
  ] as const) {
    it(`end an attempt by the time limit of the connection: ${what}`, async () => {
      const run = await bench.run(text);
      await bench.advance(seconds * 1000 - 10);
      assert.equal((await bench.jobOf(run, 'call')).state, 'active');
      await bench.advance(20);
      const { state, error } = await bench.jobOf(run, 'call');
      assert.deepEqual([state, error?.kind], ['dead', 'timeout']);
    });
  }

  for (const connection of ['header', 'client']) {
    it(`wait, uncharged, while a secret of the connection is not set (${connection})`, async () => {
      const run = await bench.run(`steps: { call: { uses: test/scripted, with: { connection: ${connection} } } }`);
      await bench.advance(3_600_000);
      const { state, attempts } = await bench.jobOf(run, 'call');
      assert.deepEqual([state, attempts, bench.action.seen.length], ['pending', [], 0]);
    });
  }
});
