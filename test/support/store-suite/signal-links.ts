import assert from 'node:assert/strict';
import { suiteLinkHash } from './suite-links.ts';
import type { StoreBench } from './store-bench.ts';
import { hourMs, Waits } from './waits.ts';

/** A step waits for an answer that somebody gives by a link. */
export function describeSignalLinks(bench: () => StoreBench): void {
  const waits = new Waits(bench);
  const asking = (timeout = '') => `steps:
  tell: { uses: test/scripted, with: { text: "\${{ signalUrl('approve') }}, \${{ signalUrl('approve') }}, \${{ signalUrl('other') }}" } }
  approve: { needs: [tell], uses: wait/signal, with: { name: approve, question: Send it?, payload: { ok: { type: boolean } }${timeout} } }
`;
  /** A run that waits, and the hash of the link that its first job carries. */
  const ask = async (afterMs?: number): Promise<{ readonly runId: number; readonly hash: string }> => {
    const runId = await bench().run(asking());
    const job = await bench().next();
    await bench().succeed(job);
    await bench().settle(await bench().next(), { kind: 'wait', wait: waits.signal('approve', afterMs === undefined ? {} : { afterMs }) });
    return { runId, hash: suiteLinkHash(job.jobId, job.createdAt, 'approve') };
  };
  const look = (hash: string) => bench().store.signalLink({ hash, now: bench().now });
  const answerBy = (hash: string, runId: number, name = 'approve') => bench().store.signal({ runId, name, payload: '{"ok":true}', by: 'the link of j1', link: hash, now: bench().now });

  it('is taken once, and says what it answers', async () => {
    const { runId, hash } = await ask();
    const { answer: none, until, ...shown } = (await look(hash)) ?? assert.fail('there is no link');
    assert.deepEqual([shown, none], [{ runId, run: `r${runId}`, workflow: 'test', signal: 'approve', job: 'j1', standing: 'open', step: 'approve', question: 'Send it?', payload: { ok: { type: 'boolean' } } }, undefined]);
    assert.equal(until, Date.UTC(2026, 1, 4, 9), 'thirty days');
    assert.deepEqual(await answerBy(hash, runId), { ended: [2] });
    assert.deepEqual(await bench().states(runId), { run: 'succeeded', tell: 'succeeded', approve: 'succeeded' });
    await assert.rejects(answerBy(hash, runId), { code: 'wrong-state' });
    const after = await look(hash);
    assert.deepEqual([after?.standing, after?.answer], ['answered', { by: 'the link of j1', at: bench().now }]);
    assert.deepEqual((await bench().store.getRun({ runId }))?.answers, [{ signal: 'approve', by: 'the link of j1', at: new Date(bench().now).toISOString() }]);
  });

  it('is of one name of one run', async () => {
    const first = await ask();
    const second = await ask();
    await assert.rejects(answerBy(first.hash, second.runId), { code: 'not-found' });
    await assert.rejects(answerBy(first.hash, first.runId, 'other'), { code: 'not-found' });
    await assert.rejects(answerBy('0'.repeat(64), first.runId), { code: 'not-found' });
    assert.equal(await look('0'.repeat(64)), undefined);
    const { hash: other } = { hash: suiteLinkHash(1, Date.UTC(2026, 0, 5, 9), 'other') };
    assert.deepEqual([(await look(other))?.standing, (await look(other))?.step], ['over', undefined], 'nothing waits for that name');
    await assert.rejects(answerBy(other, first.runId, 'other'), { code: 'wrong-state' });
  });

  it('holds as long as what waits for it', async () => {
    const { runId, hash } = await ask(hourMs);
    assert.equal((await look(hash))?.until, bench().now + hourMs);
    bench().now += hourMs - 1;
    assert.equal((await look(hash))?.standing, 'open');
    bench().now += 1;
    assert.equal((await look(hash))?.standing, 'expired', 'nobody has ended the wait yet');
    await assert.rejects(answerBy(hash, runId), { code: 'wrong-state' });
    await waits.pass(0);
    assert.equal((await look(hash))?.standing, 'over');
    await assert.rejects(answerBy(hash, runId), { code: 'wrong-state' });
  });

  it('holds for thirty days if the wait has no end, or has not begun', async () => {
    const { runId, hash } = await ask();
    const early = await bench().run(asking());
    const { jobId, createdAt } = await bench().next();
    const earlyHash = suiteLinkHash(jobId, createdAt, 'approve');
    assert.deepEqual([(await look(earlyHash))?.standing, (await look(earlyHash))?.question], ['open', 'Send it?']);
    bench().now += 30 * 24 * hourMs;
    for (const [one, run] of [[hash, runId], [earlyHash, early]] as const) {
      assert.equal((await look(one))?.standing, 'expired');
      await assert.rejects(answerBy(one, run), { code: 'wrong-state' });
    }
  });

  it('holds no longer than its run', async () => {
    const { runId, hash } = await ask();
    await bench().store.cancelRun({ runId, now: bench().now });
    await bench().cascade();
    assert.equal((await look(hash))?.standing, 'over');
    await assert.rejects(answerBy(hash, runId), { code: 'wrong-state' });
    await bench().store.prune({ now: bench().now + 1, runsBefore: bench().now + 1, deadLetters: [], limit: 100 });
    assert.equal(await look(hash), undefined, 'it goes with its job');
  });
}
