import assert from 'node:assert/strict';
import { HttpSink, type SinkReply, type SinkRequest } from '../support/http-sink.ts';
import { assertSound, detailsOf, endOfRun, FaultProject, jobsOf } from './fault-project.ts';

const pageCount = 12;
const env = { SLUICE_SECRET_CRM: 'a-secret-token' };

describe('pages, with real daemons', () => {
  let api: HttpSink;
  let url: string;
  let project: FaultProject;
  beforeEach(async () => {
    api = new HttpSink();
    ({ url } = await api.start());
  });
  afterEach(async () => {
    await project.dispose();
    await api.stop();
  });

  const begin = async (paginate: string, request = 'url: /contacts'): Promise<void> => {
    project = await FaultProject.make({
      'connections.yaml': `connections:\n  crm: { type: http, url: "${url}", auth: { type: bearer, token: "\${{ secrets.CRM }}" } }\n`,
      'workflows/sync.yaml': `
queues: { crm: { concurrency: 4, retry: { delays: [10ms, 10ms] } } }
steps:
  list:
    queue: crm
    uses: http/request
    with: { connection: crm, ${request} }
    paginate: { items: "\${{ page.body.results }}", ${paginate} }
  push:
    foreach: { items: "\${{ steps.list.items }}", key: "\${{ item }}", on-item-failure: continue }
    uses: http/request
    with: { url: "${url}/push", method: POST, json: "\${{ item }}" }
outputs: { read: "\${{ steps.list.output }}" }
`,
    });
  };

  const json = (body: unknown, headers = {}): SinkReply => ({ headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const pageOf = ({ path }: SinkRequest): number => Number(new URL(path, 'http://x').searchParams.get('page') ?? 1);
  const results = (page: number): string[] => ['a', 'b'].map((letter) => `${page}${letter}`);
  const fetched = (): number[] => api.requests.filter(({ method }) => method === 'GET').map(pageOf);
  const pushed = (): unknown[] => api.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body ?? 'null') as unknown);
  const everyPage = Array.from({ length: pageCount }, (_, index) => index + 1);

  /** Of these points, those behind which the outcome of a page is known to the journal, or to the store. */
  for (const [point, mayRepeat] of [['attempt-before-effect:5', false], ['attempt-after-effect:5', true], ['outcome-noted:5', false], ['settle-before-commit:5', false], ['settle-after-commit:5', false]] as const) {
    it(`a kill at ${point} loses no page, and reads ${mayRepeat ? 'only the one under way again' : 'none again'}`, async () => {
      api.respond = (request) => (request.method === 'POST' ? {} : json({ results: results(pageOf(request)), next: pageOf(request) < pageCount ? pageOf(request) + 1 : null }));
      await begin('query: { page: "${{ page.body.next }}" }');
      const dying = await project.start({ env, failPoint: point });
      const { id } = await dying.client.call('run/start', { workflow: 'sync', inputs: {} });
      assert.equal((await dying.end()).signal, 'SIGKILL');
      const before = fetched();
      const { client } = await project.start({ env });
      const run = await endOfRun(client, id);
      assert.deepEqual([run.state, run.outputs], ['succeeded', { read: { pages: pageCount, items: 2 * pageCount, complete: true } }]);
      const repeated = mayRepeat ? before.slice(-1) : [];
      assert.deepEqual(fetched().toSorted((one, other) => one - other), [...everyPage, ...repeated].toSorted((one, other) => one - other));
      assert.deepEqual(new Set(pushed()), new Set(everyPage.flatMap(results)));
      assert.equal(pushed().length, 2 * pageCount);
      await assertSound(client);
    });
  }

  it('follow the link header over redirects and failures, and take the credentials along', async () => {
    let failures = 2;
    api.respond = (request) => {
      const page = pageOf(request);
      if (request.method === 'POST') return {};
      if (request.path.startsWith('/contacts')) return { status: 307, headers: { location: `/v2${request.path}` } };
      if (page === 2 && failures-- > 0) return { status: 503 };
      return json({ results: results(page) }, page < 3 ? { link: `<list?page=${page + 1}>; rel="next", </v2/list?page=3>; rel=last` } : {});
    };
    await begin('next: "${{ page.links.next }}"');
    const { client } = await project.start({ env });
    const { id } = await client.call('run/start', { workflow: 'sync', inputs: {} });
    assert.equal((await endOfRun(client, id)).state, 'succeeded');
    const calls = api.requests.filter(({ method }) => method === 'GET');
    assert.deepEqual(calls.map(({ path }) => path), ['/contacts', '/v2/contacts', '/v2/list?page=2', '/v2/list?page=2', '/v2/list?page=2', '/v2/list?page=3']);
    assert.deepEqual(new Set(calls.map(({ headers }) => headers.authorization)), new Set(['Bearer a-secret-token']));
    const keys = [...Map.groupBy(calls, pageOf).values()].map((some) => new Set(some.map(({ headers }) => headers['idempotency-key'])));
    assert.deepEqual(keys.map(({ size }) => size), [1, 1, 1], 'each page has a key of its own, in all attempts');
    assert.equal(new Set(calls.map(({ headers }) => headers['idempotency-key'])).size, 3);
  });

  it('do not follow a link to another origin with the credentials of a connection', async () => {
    const elsewhere = new HttpSink();
    const { url: other } = await elsewhere.start();
    try {
      api.respond = () => json({ results: [1], next: `${other}/contacts?page=2` });
      await begin('next: "${{ page.body.next }}"');
      const { client } = await project.start({ env });
      const { id } = await client.call('run/start', { workflow: 'sync', inputs: {} });
      assert.equal((await endOfRun(client, id)).state, 'failed');
      const [job] = await detailsOf(client, await jobsOf(client, { run: id, state: 'dead' }));
      assert.deepEqual([job?.page, job?.error?.cause], [1, 'another origin']);
      assert.ok(job?.error?.message.includes(other));
      assert.deepEqual(elsewhere.requests, []);
    } finally {
      await elsewhere.stop();
    }
  });
});
