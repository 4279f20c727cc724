import assert from 'node:assert/strict';
import { keptMinorDeliveries, type DeliverParams } from '../../../daemon/ledger/delivery.ts';
import type { StoreBench } from './store-bench.ts';

const text = `
on: { webhook: { path: deals, verify: none } }
steps:
  only: { uses: test/scripted, with: { id: "\${{ trigger.id }}", body: "\${{ trigger.body }}" } }
`;

export function describeDelivering(bench: () => StoreBench): void {
  const delivery: DeliverParams['delivery'] = { workflow: 'deals', path: 'deals', scheme: 'none', bytes: 2, headers: '{}', query: '{}', body: '{"a":1}', outcome: 'started' };
  const run: NonNullable<DeliverParams['run']> = { workflow: 'deals', version: 'v', text, inputs: '{}' };
  const deliver = (params: Partial<DeliverParams> = {}) => bench().store.deliver({ now: bench().now, delivery, run, ...params });
  const refused = () => bench().store.deliver({ now: bench().now, delivery: { ...delivery, outcome: 'refused', flaw: 'no-signature', body: null } });
  const outcomes = async (workflow = 'deals'): Promise<readonly string[]> => (await bench().store.listDeliveries({ workflow, limit: 1000 })).deliveries.map(({ outcome }) => outcome);

  it('keeps a delivery with the run that it starts, which knows it', async () => {
    const { deliveryId, firstId, runId = 0 } = await deliver({ dedupeKey: 'e1' });
    assert.equal(firstId, deliveryId);
    const kept = await bench().store.getDelivery({ deliveryId });
    assert.deepEqual([kept?.outcome, kept?.run, kept?.body, kept?.dedupeKey], ['started', `r${runId}`, { a: 1 }, 'e1']);
    assert.deepEqual((await bench().runDetail(runId)).trigger, { kind: 'webhook', delivery: `d${deliveryId}` });
    assert.equal((await bench().next()).payload, `{"id":"d${deliveryId}","body":{"a":1}}`);
  });

  it('starts one run for an event of a workflow, in one batch, later, and over a crash', async () => {
    const [one, two] = await Promise.all([deliver({ dedupeKey: 'e1' }), deliver({ dedupeKey: 'e1' })]);
    await bench().crash();
    const three = await deliver({ dedupeKey: 'e1' });
    assert.deepEqual([two.firstId, three.firstId, two.runId, three.runId], [one.deliveryId, one.deliveryId, one.runId, one.runId]);
    assert.equal((await bench().store.listRuns({ limit: 10 })).runs.length, 1);
    const other = await deliver({ dedupeKey: 'e1', delivery: { ...delivery, workflow: 'orders' }, run: { ...run, workflow: 'orders' } });
    assert.notEqual(other.runId, one.runId);
    assert.deepEqual(await outcomes(), ['duplicate', 'duplicate', 'started']);
  });

  it('remembers an event that was ignored, and not one that was invalid', async () => {
    const ignored = await bench().store.deliver({ now: bench().now, delivery: { ...delivery, outcome: 'ignored' }, dedupeKey: 'e1' });
    assert.deepEqual(await deliver({ dedupeKey: 'e1' }), { deliveryId: ignored.deliveryId + 1, firstId: ignored.deliveryId });
    await bench().store.deliver({ now: bench().now, delivery: { ...delivery, outcome: 'invalid', reason: 'no amount' }, dedupeKey: 'e2' });
    assert.notEqual((await deliver({ dedupeKey: 'e2' })).runId, undefined);
  });

  it('keeps neither of both where the queue of the run is full', async () => {
    await bench().store.configure({ queues: [{ name: 'default', maxDepth: 1 }], env: {} });
    await deliver({ dedupeKey: 'e1' });
    await assert.rejects(deliver({ dedupeKey: 'e2' }), { code: 'queue-full' });
    assert.deepEqual(await outcomes(), ['started']);
    await bench().store.configure({ queues: [{ name: 'default', maxDepth: 5 }], env: {} });
    assert.notEqual((await deliver({ dedupeKey: 'e2' })).runId, undefined, 'the event is not one that has come');
  });

  it('takes those that arrive together up to the depth of the queue, where one that makes no job leaves its place', async () => {
    await bench().store.configure({ queues: [{ name: 'default', maxDepth: 3 }], env: {} });
    const together = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => deliver({ dedupeKey: `e${n}` })));
    assert.deepEqual(together.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    await bench().store.configure({ queues: [{ name: 'default', maxDepth: 4 }], env: {} });
    const skipped = { ...run, version: 'skipping', text: text.replace('only: {', 'only: { if: "${{ false }}",') };
    assert.equal((await Promise.all([1, 2, 3].map(() => deliver({ run: skipped })))).length, 3);
    assert.equal((await Promise.allSettled([deliver(), deliver()])).filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('lets the last of those that arrive together and may not run together be the one that runs', async () => {
    const latest = { ...run, version: 'latest', text: `concurrency: { key: all, limit: 1, when-full: cancel-oldest }${text}` };
    await Promise.all([1, 2, 3].map(() => deliver({ run: latest })));
    await bench().cascade();
    const { runs } = await bench().store.listRuns({ limit: 10 });
    assert.deepEqual(runs.map(({ state }) => state), ['running', 'cancelled', 'cancelled']);
  });

  it('keeps large ones that arrive together, each with its own', async () => {
    const large = (n: number): string => JSON.stringify({ n, text: 'x'.repeat(400_000) });
    const delivered = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => deliver({ delivery: { ...delivery, body: large(n) } })));
    for (const [index, { runId = 0, deliveryId }] of delivered.entries()) {
      assert.equal((await bench().store.getDelivery({ deliveryId }))?.run, `r${runId}`);
      const payload = JSON.parse((await bench().next()).payload) as { readonly id: string; readonly body: { readonly n: number } };
      assert.deepEqual([payload.id, payload.body.n], [`d${deliveryId}`, index + 1]);
    }
  });

  it('keeps so many that were refused, and they push out no others', async () => {
    await deliver();
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: keptMinorDeliveries / 2 }, refused));
    assert.deepEqual([...new Set(await outcomes())], ['refused', 'started']);
    assert.equal((await outcomes()).length, keptMinorDeliveries + 1);
  });

  it('forgets the old and the surplus in batches, keys apart, and gives no number twice', async () => {
    for (let count = 0; count < 6; count++) await deliver({ dedupeKey: `e${count}` });
    await deliver({ delivery: { ...delivery, workflow: 'orders' } });
    const prune = (params: object) => bench().store.pruneDeliveries({ before: 0, keepCount: 100, keysBefore: 0, limit: 2, ...params });
    assert.deepEqual(await prune({ keepCount: 3 }), { more: true });
    assert.deepEqual(await prune({ keepCount: 3 }), { more: false });
    assert.deepEqual([(await outcomes()).length, (await outcomes('orders')).length], [3, 1]);
    assert.equal((await deliver({ dedupeKey: 'e0' })).firstId, 1, 'its key is still known');
    while ((await prune({ before: bench().now + 1, keysBefore: bench().now + 1 })).more);
    assert.deepEqual([(await outcomes()).length, (await outcomes('orders')).length], [0, 0]);
    const again = await deliver({ dedupeKey: 'e0' });
    assert.equal(again.firstId, again.deliveryId);
    assert.equal(again.deliveryId, 9);
  });

  it('lists them newest first, page by page, by workflow and outcome', async () => {
    for (let count = 0; count < 3; count++) await deliver();
    await refused();
    const first = await bench().store.listDeliveries({ limit: 2 });
    assert.deepEqual(first.deliveries.map(({ id }) => id), ['d4', 'd3']);
    const second = await bench().store.listDeliveries({ limit: 2, cursor: first.next ?? '' });
    assert.deepEqual([second.deliveries.map(({ id }) => id), second.next], [['d2', 'd1'], undefined]);
    assert.deepEqual((await bench().store.listDeliveries({ limit: 5, outcome: 'refused' })).deliveries.map(({ id, flaw }) => [id, flaw]), [['d4', 'no-signature']]);
    assert.equal(await bench().store.getDelivery({ deliveryId: 99 }), undefined);
  });
}
