import assert from 'node:assert/strict';
import { StoreBench, type StoreInFolder } from './store-bench.ts';

/** What every store keeps of the tokens of connections. `open`: gives a second daemon the same store; undefined if a store is for one daemon only. */
export function describeKeepingTokens(bench: () => StoreBench, open: StoreInFolder | undefined): void {
  const lease = (version = 0, { store, now } = bench()) => store.leaseToken({ connection: 'crm', version, now, leaseMs: 30_000 });

  it('has one daemon fetch a token, and keeps it over a crash', async () => {
    assert.deepEqual(await lease(), { kind: 'granted', version: 0, wasCutOff: false });
    assert.deepEqual(await bench().store.keepToken({ connection: 'crm', version: 0, sealed: 'v1.one' }), { kept: true });
    await bench().crash();
    assert.deepEqual(await lease(), { kind: 'newer', version: 1, sealed: 'v1.one' });
    assert.deepEqual(await lease(1), { kind: 'granted', version: 1, sealed: 'v1.one', wasCutOff: false });
    assert.deepEqual(await bench().store.leaseToken({ connection: 'other', version: 0, now: bench().now, leaseMs: 1 }), { kind: 'granted', version: 0, wasCutOff: false });
  });

  it('keeps what there was if none could be fetched', async () => {
    await lease();
    await bench().store.keepToken({ connection: 'crm', version: 0, sealed: 'v1.one' });
    await lease(1);
    assert.deepEqual(await bench().store.keepToken({ connection: 'crm', version: 1 }), { kept: true });
    assert.deepEqual(await lease(), { kind: 'newer', version: 1, sealed: 'v1.one' });
  });

  it('lets the same daemon fetch it again immediately after a crash, and says that it was cut off', async () => {
    await lease();
    await bench().crash();
    assert.deepEqual(await lease(), { kind: 'granted', version: 0, wasCutOff: true });
  });

  it('takes no token that was not granted, or of which there is a newer one', async () => {
    assert.deepEqual(await bench().store.keepToken({ connection: 'crm', version: 0, sealed: 'v1.none' }), { kept: false });
    await lease();
    await bench().store.keepToken({ connection: 'crm', version: 0, sealed: 'v1.one' });
    assert.deepEqual(await bench().store.keepToken({ connection: 'crm', version: 0, sealed: 'v1.late' }), { kept: false });
    assert.deepEqual(await lease(), { kind: 'newer', version: 1, sealed: 'v1.one' });
  });

  if (open === undefined) return;

  it('has the others wait, until the token is there or the daemon that fetches it has had its time', async () => {
    const one = bench();
    const two = new StoreBench(open, { folder: one.folder, daemon: 'two' });
    await two.open();
    try {
      two.now = one.now;
      await lease(0, one);
      assert.deepEqual(await lease(0, two), { kind: 'busy', inMs: 30_000 });
      await one.store.keepToken({ connection: 'crm', version: 0, sealed: 'v1.one' });
      assert.deepEqual(await lease(0, two), { kind: 'newer', version: 1, sealed: 'v1.one' });
      await lease(1, one);
      two.now += 30_000;
      assert.deepEqual(await lease(1, two), { kind: 'granted', version: 1, sealed: 'v1.one', wasCutOff: true });
      assert.deepEqual(await one.store.keepToken({ connection: 'crm', version: 1, sealed: 'v1.late' }), { kept: false });
      assert.deepEqual(await two.store.keepToken({ connection: 'crm', version: 1, sealed: 'v1.two' }), { kept: true });
    } finally {
      await two.dispose();
    }
  });

  it('gives one daemon of two that ask at the same time the right to fetch it', async () => {
    const one = bench();
    const two = new StoreBench(open, { folder: one.folder, daemon: 'two' });
    await two.open();
    try {
      two.now = one.now;
      const answers = await Promise.all([lease(0, one), lease(0, two)]);
      assert.deepEqual(answers.map(({ kind }) => kind).sort(), ['busy', 'granted']);
    } finally {
      await two.dispose();
    }
  });
}
