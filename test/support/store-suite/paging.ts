import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ClaimedJob } from '../../../daemon/store/store.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';
import { numbers, serverError, StoreBench, type StoreInFolder } from './store-bench.ts';

const origin = 'https://crm.example';

/** `paginate`: the rest of its keys. A step `push` takes the items, `tell` what was read. */
function paged(paginate: string, { items = '${{ page.body.results }}', foreach = 'on-item-failure: continue', request = `url: ${origin}/contacts, query: { limit: 2 }` } = {}): string {
  return `
steps:
  list:
    uses: http/request
    queue: api
    with: { ${request} }
    paginate: { items: "${items}", ${paginate} }
  push: { uses: test/scripted, foreach: { items: "\${{ steps.list.items }}", ${foreach} }, with: { item: "\${{ item }}" } }
  tell: { uses: test/scripted, queue: tell, with: { read: "\${{ steps.list.output }}" } }
`;
}

const byQuery = 'query: { after: "${{ page.body.next }}" }';
const byLink = 'next: "${{ page.body.next }}"';

/** Ends an attempt with a page. */
async function answer(store: StoreBench, job: ClaimedJob, body: Json, { headers = {}, url, large = false }: { readonly headers?: JsonObject; readonly url?: string; readonly large?: boolean } = {}): Promise<void> {
  const output = JSON.stringify({ status: 200, headers, body });
  const place = url ?? textOf(payloadOf(job)['url']);
  assert.deepEqual(await store.settle(job, { kind: 'succeeded', output: large ? Buffer.from(output) : output, page: { url: place, origin: new URL(place).origin } }), { accepted: true });
}

function textOf(value: Json | undefined): string {
  assert.ok(typeof value === 'string');
  return value;
}

function payloadOf({ payload }: ClaimedJob): JsonObject {
  const value = JSON.parse(payload) as Json;
  assert.ok(isJsonObject(value));
  return value;
}

/** The items that the jobs of `push` were made of, in their order. */
async function pushed(store: StoreBench): Promise<unknown[]> {
  await store.fanOut();
  return (await store.claim()).map((job) => payloadOf(job)['item']);
}

export function describePaging(bench: () => StoreBench): void {
  it('reads page after page, each a job, and gives their items to a foreach', async () => {
    const store = bench();
    const run = await store.run(paged(byQuery));
    const calls: unknown[] = [];
    for (const [results, next] of [[['a', 'b'], 'c2'], [[], 'c3'], [['c'], null]] as const) {
      const job = await store.next('api');
      calls.push(payloadOf(job)['query']);
      await answer(store, job, { results, next });
    }
    assert.deepEqual(calls, [{ limit: 2 }, { limit: 2, after: 'c2' }, { limit: 2, after: 'c3' }]);
    assert.deepEqual(await store.states(run), { run: 'running', list: 'succeeded', push: 'running', tell: 'running' });
    assert.deepEqual(await pushed(store), ['a', 'b', 'c']);
    assert.deepEqual(payloadOf(await store.next('tell')), { read: { pages: 3, items: 3, complete: true } });
    assert.deepEqual((await store.jobs(run)).filter(({ step }) => step === 'list').map(({ page, key, index }) => [page, key, index]), [[1, undefined, undefined], [2, undefined, undefined], [3, undefined, undefined]]);
    const [list] = (await store.runDetail(run)).steps;
    assert.deepEqual([list?.pages, list?.expanded, list?.jobs.total], [{ read: 3, items: 3, complete: true }, true, 3]);
  });

  it('has one page open at a time, over a crash between any two, and no page twice', async () => {
    const store = bench();
    const run = await store.run(paged(byQuery));
    for (const number of [1, 2, 3, 4]) {
      await store.crash();
      const [job, ...others] = await store.claim(10, 'api');
      assert.ok(job);
      assert.deepEqual(others, []);
      assert.deepEqual((await store.runDetail(run)).steps[0]?.pages, { read: number - 1, items: 2 * (number - 1) });
      await answer(store, job, { results: [2 * number, 2 * number + 1], next: number < 4 ? number : null });
    }
    await store.crash();
    assert.deepEqual(await pushed(store), [2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('follows links, relative to the page that has them, and without the query that they replace', async () => {
    const store = bench();
    await store.run(paged(byLink));
    const calls: unknown[] = [];
    for (const next of ['?page=2', '/v2/contacts?page=3#top', `${origin}/last`, '']) {
      const job = await store.next('api');
      const { url, query } = payloadOf(job);
      calls.push([url, query]);
      await answer(store, job, { results: [], next });
    }
    assert.deepEqual(calls, [[`${origin}/contacts`, { limit: 2 }], [`${origin}/contacts?page=2`, undefined], [`${origin}/v2/contacts?page=3`, undefined], [`${origin}/last`, undefined]]);
  });

  it('follows the link header', async () => {
    const store = bench();
    const run = await store.run(paged('next: "${{ page.links.next }}"', { items: '${{ page.body }}' }));
    await answer(store, await store.next('api'), [1], { headers: { link: '<https://crm.example/contacts?page=1>; rel="first", <https://crm.example/contacts?page=2>; rel="next last"' } });
    const second = await store.next('api');
    assert.equal(payloadOf(second)['url'], 'https://crm.example/contacts?page=2');
    await answer(store, second, [2], { headers: { link: '<https://crm.example/contacts?page=1>; rel="first"' } });
    assert.equal((await store.states(run))['list'], 'succeeded');
  });

  it('makes a dead letter of a page whose items are no list, with what came, and goes on from there', async () => {
    const store = bench();
    const run = await store.run(paged(byQuery));
    await answer(store, await store.next('api'), { results: ['a'], next: 'x' });
    const second = await store.next('api');
    await answer(store, second, { results: 'none', next: 'y' });
    assert.deepEqual(await store.states(run), { run: 'failed', list: 'failed', push: 'skipped', tell: 'skipped' });
    const dead = await store.job(second.jobId);
    assert.deepEqual([dead.state, dead.page, dead.error?.kind, dead.error?.cause], ['dead', 2, 'invalid', 'items of the page']);
    assert.match(dead.error?.message ?? '', /must be a list, and is a string/);
    assert.deepEqual(dead.attempts.at(-1)?.response, { status: 200, headers: {}, body: '{"results":"none","next":"y"}' });

    await store.store.replay({ jobIds: [second.jobId], now: store.now });
    const again = await store.next('api');
    assert.deepEqual([again.jobId, payloadOf(again)['query']], [second.jobId, { limit: 2, after: 'x' }]);
    await answer(store, again, { results: ['b'], next: 'y' });
    assert.deepEqual(await store.states(run), { run: 'running', list: 'running', push: 'waiting', tell: 'waiting' });
    await answer(store, await store.next('api'), { results: ['c'], next: null });
    assert.deepEqual(await pushed(store), ['a', 'b', 'c']);
  });

  it('keeps what a person has changed in the payload of a page for the pages behind it', async () => {
    const store = bench();
    await store.run(paged(byQuery));
    const first = await store.next('api');
    await store.die(first);
    await store.store.replay({ jobIds: [first.jobId], now: store.now, payload: JSON.stringify({ url: `${origin}/contacts`, query: { limit: 50 } }) });
    await answer(store, await store.next('api'), { results: [], next: 7 });
    assert.deepEqual(payloadOf(await store.next('api'))['query'], { limit: 50, after: 7 });
  });

  for (const [name, paginate, nexts] of [
    ['the page itself', byLink, ['?page=1', '?page=1']],
    ['an earlier page', byLink, ['?page=2', '?page=3', '/contacts?page=2']],
    ['the first page', byLink, ['/contacts?page=2', '/contacts']],
    ['an earlier cursor', byQuery, ['a', 'b', 'a']],
  ] as const) {
    it(`refuses a next page that is ${name}`, async () => {
      const store = bench();
      const run = await store.run(paged(paginate));
      for (const next of nexts) await answer(store, await store.next('api'), { results: [1], next });
      assert.equal((await store.states(run))['list'], 'failed');
      const dead = (await store.jobs(run)).find(({ state }) => state === 'dead');
      assert.deepEqual([dead?.page, dead?.error?.cause], [nexts.length, 'pages in a circle']);
      assert.deepEqual(await store.claim(10, 'api'), []);
    });
  }

  it('ends with a warning where there are more pages than it may read', async () => {
    const store = bench();
    const run = await store.run(paged(`${byQuery}, max-pages: 2`));
    for (const next of ['a', 'b']) await answer(store, await store.next('api'), { results: [next], next });
    assert.deepEqual(payloadOf(await store.next('tell')), { read: { pages: 2, items: 2, complete: false } });
    assert.deepEqual((await store.jobs(run)).filter(({ step }) => step === 'list').map(({ warning }) => warning), [undefined, 'There are more pages than `max-pages` allows: 2 were read.']);
    const detail = await store.runDetail(run);
    assert.deepEqual([detail.warnings, detail.steps[0]?.pages], [1, { read: 2, items: 2, complete: false }]);
  });

  it('ends without one where the last page is the last that it may read', async () => {
    const store = bench();
    const run = await store.run(paged(`${byQuery}, max-pages: 2`));
    for (const next of ['a', null]) await answer(store, await store.next('api'), { results: [], next });
    assert.equal((await store.runDetail(run)).warnings, 0);
    assert.deepEqual(payloadOf(await store.next('tell')), { read: { pages: 2, items: 0, complete: true } });
    assert.deepEqual(await pushed(store), []);
    assert.equal((await store.states(run))['push'], 'succeeded');
  });

  it('does not take headers or a connection along to another origin, and follows a bare link there', async () => {
    const store = bench();
    for (const [request, state] of [[`url: ${origin}/contacts`, 'running'], [`url: ${origin}/contacts, headers: { x-key: k }`, 'failed'], ['url: /contacts, connection: crm', 'failed']] as const) {
      const run = await store.run(paged(byLink, { request }), {}, request);
      const job = await store.next('api');
      await answer(store, job, { results: [], next: 'https://elsewhere.example/' }, { url: `${origin}/contacts` });
      assert.equal((await store.states(run))['list'], state, request);
      for (const next of await store.claim(10, 'api')) assert.equal(payloadOf(next)['url'], 'https://elsewhere.example/');
      const dead = (await store.jobs(run)).find((one) => one.state === 'dead');
      assert.equal(dead?.error?.cause, state === 'failed' ? 'another origin' : undefined);
    }
  });

  it('gives parameters that hold a secret to each page, and refuses a link of which a secret was masked', async () => {
    const store = bench();
    const request = `url: ${origin}/contacts, query: { key: "\${{ secrets.KEY }}", limit: 2 }`;
    const run = await store.run(paged(byLink, { request }));
    await answer(store, await store.next('api'), { results: [], next: '?key=***&page=2' });
    const second = await store.next('api');
    assert.deepEqual(payloadOf(second), { url: `${origin}/contacts?page=2`, query: { key: '${{ secrets.KEY }}' } });
    assert.deepEqual(JSON.parse(second.secrets ?? '[]'), [{ path: ['query', 'key'], parts: [{ secret: 'KEY' }] }]);
    await answer(store, second, { results: [], next: '?token=***' });
    assert.equal((await store.jobs(run)).find(({ state }) => state === 'dead')?.error?.cause, 'secret in a link');
  });

  it('stops with the page under way if the run, or that page, is cancelled', async () => {
    const store = bench();
    for (const cancelled of ['run', 'job'] as const) {
      const run = await store.run(paged(byQuery), {}, cancelled);
      await answer(store, await store.next('api'), { results: ['a'], next: 'b' });
      const job = await store.next('api');
      if (cancelled === 'run') await store.store.cancelRun({ runId: run, now: store.now });
      else await store.store.cancelJob({ jobId: job.jobId, now: store.now });
      await answer(store, job, { results: ['b'], next: 'c' });
      await store.cascade();
      assert.deepEqual(await store.claim(10, 'api'), []);
      assert.deepEqual((({ run: of, list, push }) => ({ of, list, push }))(await store.states(run) as Record<'run' | 'list' | 'push', string>), { of: 'cancelled', list: 'cancelled', push: cancelled === 'run' ? 'cancelled' : 'skipped' });
    }
  });

  it('takes items of pages by `where`, `batch` and `key`, in chunks and over a crash', async () => {
    const store = bench();
    const run = await store.run(paged(byQuery, { foreach: 'on-item-failure: continue, where: item > 1, batch: 3, key: "${{ item }}"' }));
    for (const [results, next] of [[[1, 2, 2], 'x'], [[3, 1, 4], 'y'], [[5, 6, 2], null]] as const) await answer(store, await store.next('api'), { results, next });
    const [open] = store.last.expanding;
    assert.ok(open);
    await store.store.fanOut({ stepId: open.stepId, now: store.now, limit: 1 });
    await store.crash();
    assert.deepEqual(await pushed(store), [[2, 3, 4], [5, 6, 2]]);
    assert.equal((await store.runDetail(run)).steps[1]?.duplicates, 1);
  });

  it('gives all items to an expression as a list', async () => {
    const store = bench();
    const text = paged(byQuery).replace('read: "${{ steps.list.output }}"', 'read: "${{ steps.list.items.map(i, i + 1) }}"');
    await store.run(text);
    for (const [results, next] of [[[1, 2], 'x'], [[3], null]] as const) await answer(store, await store.next('api'), { results, next });
    assert.deepEqual(payloadOf(await store.next('tell')), { read: [2, 3, 4] });
  });

  it('reads a large page as bytes, with more items than one row of them takes', async () => {
    const store = bench();
    const run = await store.run(paged(byQuery));
    const results = numbers(1201).map((n) => ({ n, text: 'line\nbreak' }));
    await answer(store, await store.next('api'), { results, next: null }, { large: true });
    assert.equal((await store.runDetail(run)).steps[0]?.pages?.items, 1201);
    await store.fanOut(500);
    assert.deepEqual((await store.claim(2000)).map((job) => payloadOf(job)['item']), results);
  });

  it('forgets the items with their run', async () => {
    const store = bench();
    const run = await store.run(paged(byQuery).replace(/  push:[^]*/, ''));
    await answer(store, await store.next('api'), { results: [1], next: null });
    assert.equal((await store.states(run))['run'], 'succeeded');
    while ((await store.store.prune({ now: store.now, runsBefore: store.now + 1, deadLetters: [], limit: 100 })).more);
    assert.equal(await store.store.getRun({ runId: run }), undefined);
  });
}

/** What happens to a page before it has been read. */
const trouble = fc.constantFrom('retry', 'interrupt', 'die', 'crash', 'unusable');
const pages = fc.array(fc.record({ items: fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { maxLength: 5 }), troubles: fc.array(trouble, { maxLength: 2 }) }), { minLength: 1, maxLength: 8 });

/** Against a plain model: the items of all pages, one after the other. */
export function describePagesInAnyOrder(open: StoreInFolder, numRuns: number): void {
  it('reads every page once, whatever happens to it, and every item in its place', async () => {
    await fc.assert(
      fc.asyncProperty(pages, fc.boolean(), fc.integer({ min: 1, max: 4 }), async (list, isByLink, chunk) => {
        const store = new StoreBench(open);
        try {
          await store.open();
          const run = await store.run(paged(isByLink ? byLink : byQuery));
          for (const [number, { items, troubles }] of list.entries()) {
            for (const one of troubles) await befall(store, one);
            const [job, ...others] = await store.claim(10, 'api');
            assert.ok(job, `page ${number + 1} is not open`);
            assert.deepEqual(others, []);
            await answer(store, job, { results: items, next: number === list.length - 1 ? null : isByLink ? `?page=${number + 2}` : `cursor ${number + 2}` });
          }
          assert.deepEqual(await store.claim(10, 'api'), []);
          const [step] = (await store.runDetail(run)).steps;
          const expected = list.flatMap(({ items }) => items);
          assert.deepEqual(step?.pages, { read: list.length, items: expected.length, complete: true });
          await store.fanOut(chunk);
          assert.deepEqual((await store.claim(1000)).map((job) => payloadOf(job)['item']), expected);
          await store.assertSound();
        } finally {
          await store.dispose();
        }
      }),
      { numRuns },
    );
  });
}

async function befall(store: StoreBench, one: 'retry' | 'interrupt' | 'die' | 'crash' | 'unusable'): Promise<void> {
  const job = await store.next('api');
  switch (one) {
    case 'retry':
      await store.settle(job, { kind: 'retry', dueAt: store.now, charged: true, error: serverError });
      return;
    case 'interrupt':
      await store.settle(job, { kind: 'interrupted' });
      return;
    case 'crash':
      await store.crash();
      // A job that was part of several crashes waits.
      store.now += 600_000;
      return;
    case 'unusable':
      await answer(store, job, { results: 'no list', next: 'lost' });
      break;
    case 'die':
      await store.die(job);
      break;
  }
  await store.store.replay({ jobIds: [job.jobId], now: store.now });
}
