import assert from 'node:assert/strict';
import { fanOut, numbers, refused, serverError, type StoreBench } from './store-bench.ts';

const oneAfterOther = `
steps:
  first: { uses: test/scripted, with: { n: 1 } }
  second: { needs: [first], uses: test/scripted, with: { got: "\${{ steps.first.output }}" } }
on-failure:
  tell: { uses: test/scripted, with: { why: "\${{ run.error.message }}" } }
`;

export function describeOutcomes(bench: () => StoreBench): void {
  it('tells with each commit how many jobs came to a queue, and how many an attempt has ended', async () => {
    const store = bench();
    const moves = (): readonly (readonly [name: string, arrived: number, left: number])[] => store.last.queues.map(({ name, arrived, left }) => [name, arrived, left]);
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(6) });
    await store.fanOut(4);
    assert.deepEqual(moves(), [['default', 2, 0]], 'the second of two chunks');
    const [first, second, third, fourth] = await store.claim(4);
    assert.ok(first && second && third && fourth);
    assert.deepEqual(moves(), [['default', 0, 0]], 'a claim moves them on, and neither in nor out');
    await Promise.all([store.succeed(first), store.die(second), store.retryIn(third, 1000), store.settle(fourth, { kind: 'interrupted' })]);
    assert.deepEqual(moves(), [['default', 0, 2]]);
    await store.store.replay({ jobIds: [second.jobId], now: store.now, dueAts: [store.now + 1000] });
    assert.deepEqual(moves(), [['default', 1, 0]]);
    await store.store.cancelRun({ runId: run, now: store.now });
    await store.cascade();
    assert.deepEqual(store.commits.flatMap(({ queues }) => queues.map(({ left }) => left)).reduce((sum, left) => sum + left, 0), 2, 'what is cancelled while it waits was not done');
    assert.deepEqual((await store.crash()).committed.queues.map(({ arrived, left }) => [arrived, left]), [[0, 0]]);
  });

  it('moves the step and the run on in the transaction that ends an attempt', async () => {
    const store = bench();
    const run = await store.run(oneAfterOther);
    assert.equal(store.last.runningRuns, 1);
    const commits = store.commits.length;
    await store.succeed(await store.next(), { id: 7 });
    assert.equal(store.commits.length, commits + 2, 'one commit for the claim, one for the outcome');
    assert.deepEqual(await store.states(run), { run: 'running', first: 'succeeded', second: 'running', tell: 'waiting' });
    const second = await store.next();
    assert.deepEqual(JSON.parse(second.payload), { got: { id: 7 } });
    await store.succeed(second);
    assert.deepEqual(await store.states(run), { run: 'succeeded', first: 'succeeded', second: 'succeeded', tell: 'waiting' });
    assert.equal(store.last.runningRuns, 0);
    assert.deepEqual(store.last.runs, [run]);
  });

  it('fails the step and the run by a dead letter, skips what needs it, and runs on-failure', async () => {
    const store = bench();
    const run = await store.run(oneAfterOther);
    await store.die(await store.next());
    assert.deepEqual(await store.states(run), { run: 'failed', first: 'failed', second: 'skipped', tell: 'running' });
    assert.equal((await store.runDetail(run)).closing, true);
    const tell = await store.next();
    assert.deepEqual(JSON.parse(tell.payload), { why: refused.message });
    await store.succeed(tell);
    assert.equal((await store.runDetail(run)).closing, false);
    assert.deepEqual((await store.runDetail(run)).error, { step: 'first', message: refused.message });
    assert.deepEqual(store.depth(), { pending: 0, delayed: 0, active: 0, dead: 1 });
  });

  it('keeps each attempt as it was', async () => {
    const store = bench();
    await store.one();
    const began = store.now;
    const job = await store.next();
    store.now += 30;
    await store.settle(job, { kind: 'retry', dueAt: store.now, charged: true, error: serverError }, { request: '{"url":"u"}', response: '{"status":503}' });
    const throttled = await store.next();
    await store.retryIn(throttled, 0, false);
    const cut = await store.next();
    assert.deepEqual([cut.attempt, cut.tries, cut.throttles], [3, 1, 1]);
    await store.settle(cut, { kind: 'interrupted' });
    const last = await store.next();
    assert.deepEqual([last.attempt, last.tries, last.throttles], [4, 1, 1]);
    assert.equal((await store.job(job.jobId)).attempts.at(-1)?.state, 'active');
    await store.succeed(last, 'done');
    const { attempts, output, error, state } = await store.job(job.jobId);
    assert.deepEqual(attempts.map((attempt) => attempt.state), ['failed', 'throttled', 'interrupted', 'succeeded']);
    assert.deepEqual(attempts[0], {
      number: 1, round: 1, revision: 1, state: 'failed', error: serverError, request: { url: 'u' }, response: { status: 503 },
      startedAt: new Date(began).toISOString(), endedAt: new Date(began + 30).toISOString(), durationMs: 30,
    });
    assert.deepEqual([state, output, error], ['succeeded', 'done', undefined]);
  });

  it('keeps an output that comes as UTF-8 as it keeps a text, beside others of the same call', async () => {
    const store = bench();
    await store.one();
    await store.one();
    const jobs = await store.claim(2);
    assert.equal(jobs.length, 2);
    const text = '{"body":"Zoë \ud83d\ude00 \\u0000"}';
    const bytes = new TextEncoder().encode(text);
    const outcomes = jobs.map(({ jobId, attempt }, index) => ({ jobId, attempt, endedAt: store.now, outcome: { kind: 'succeeded' as const, output: index === 0 ? bytes : text } }));
    assert.deepEqual(await store.store.settle({ outcomes }).stored, { refused: [], failed: [] });
    for (const { jobId } of jobs) assert.deepEqual((await store.job(jobId)).output, JSON.parse(text));
    assert.equal(new TextDecoder().decode(bytes), text, 'it is still the caller\'s');
  });

  it('refuses the outcome of any attempt but the present one', async () => {
    const store = bench();
    await store.one();
    const first = await store.next();
    await store.retryIn(first, 0);
    assert.deepEqual(await store.succeed(first), { accepted: false }, 'twice');
    const second = await store.next();
    assert.deepEqual(await store.succeed(first), { accepted: false }, 'while a later attempt is under way');
    assert.deepEqual(await store.succeed({ jobId: second.jobId, attempt: 3 }), { accepted: false }, 'of an attempt that is yet to come');
    assert.deepEqual(await store.succeed({ jobId: 999, attempt: 1 }), { accepted: false }, 'of no job');
    await store.crash();
    assert.deepEqual(await store.succeed(second), { accepted: false }, 'after a crash');
    assert.deepEqual(await store.succeed(await store.next()), { accepted: true });
  });

  it('holds a queue for as long as the longest hold, whosever it is', async () => {
    const store = bench();
    const by = { jobId: 1, cause: '503 Service Unavailable', at: store.now };
    await store.one();
    const job = await store.next();
    await store.settle(job, { kind: 'retry', dueAt: store.now, charged: false, error: serverError }, { hold: { until: store.now + 9000 } });
    await store.settle(job, { kind: 'interrupted' }, { hold: { until: store.now + 10_000, by } });
    await store.settle(await store.next(), { kind: 'interrupted' }, { hold: { until: store.now + 1000 } });
    const { queues } = await store.crash();
    assert.deepEqual(queues.find(({ name }) => name === 'default')?.hold, { until: store.now + 10_000, by });
  });

  it('closes what a crash interrupted, and lets it continue in its place', async () => {
    const store = bench();
    const run = await store.one();
    await store.one();
    const job = await store.next();
    const { interrupted, interruptedJobs, committed } = await store.crash();
    assert.deepEqual([interrupted, interruptedJobs], [1, [job.jobId]]);
    assert.equal(committed.runningRuns, 2);
    const again = await store.next();
    assert.deepEqual([again.runId, again.jobId, again.attempt, again.tries], [run, job.jobId, 2, 0]);
    assert.deepEqual((await store.job(job.jobId)).attempts.map((attempt) => attempt.state), ['interrupted', 'active']);
    assert.equal((await store.crash()).storeId, (await store.crash()).storeId);
  });

  it('makes a dead letter of a job that is part of crash after crash, with longer and longer waits', async () => {
    const store = bench();
    const run = await store.one();
    let crashes = 0;
    let waited = 0;
    for (let jobs = await store.claim(); jobs.length > 0; jobs = await store.claim()) {
      await store.crash();
      crashes++;
      const due = store.last.nextDueAt ?? store.commits[0]?.nextDueAt;
      if (due !== undefined) {
        assert.ok(due - store.now >= waited);
        waited = due - store.now;
        store.now = due;
      }
    }
    assert.equal(crashes, 10);
    const [job] = await store.jobs(run);
    assert.deepEqual([job?.state, job?.error?.kind], ['dead', 'crash_loop']);
    assert.deepEqual(await store.states(run), { run: 'failed', only: 'failed' });
  });

  it('decides a failing condition as a failed step', async () => {
    const store = bench();
    const run = await store.run('steps:\n  a: { uses: test/scripted, if: "${{ inputs.none.x }}", with: {} }\ninputs: { none: { type: object } }\n');
    assert.deepEqual(await store.states(run), { run: 'failed', a: 'failed' });
  });

  it('makes a dead letter of what can not be rendered, to be fixed by an edit', async () => {
    const store = bench();
    const run = await store.run('inputs: { none: { type: object } }\nsteps:\n  a: { uses: test/scripted, with: { x: "${{ inputs.none.x }}" } }\n');
    const [job] = await store.jobs(run);
    assert.deepEqual([job?.state, job?.error?.kind, job?.attemptCount], ['dead', 'invalid', 0]);
    await store.store.replay({ jobIds: await store.ids(run), now: store.now, payload: '{"x":1}' });
    const claimed = await store.next();
    assert.deepEqual(JSON.parse(claimed.payload), { x: 1 });
    await store.succeed(claimed);
    assert.deepEqual(await store.states(run), { run: 'succeeded', a: 'succeeded' });
  });
}
