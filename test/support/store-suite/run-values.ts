import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { StoreBench } from './store-bench.ts';

const withValues = `
inputs: { live: { type: boolean }, n: { type: number } }
vars:
  url: "https://\${{ vars.host }}/orders"
  host: "\${{ inputs.live ? 'api' : 'sandbox' }}.example.com"
  half: \${{ 10 / inputs.n }}
  begun: \${{ run['created-at'] }}
steps:
  book: { uses: test/scripted, with: { url: "\${{ vars.url }}", half: "\${{ vars.half }}" } }
  tell: { needs: [book], if: "\${{ vars.host.startsWith('api') }}", uses: test/scripted, with: { at: "\${{ vars.begun }}" } }
outputs:
  booked: \${{ steps.book.output.id }}
  host: \${{ vars.host }}
`;

/** One step; as many runs of a key at a time as `concurrency` says. */
function limited(concurrency: string): string {
  return `concurrency: { ${concurrency} }\ninputs: { deal: { type: string } }\nsteps:\n  only: { uses: test/scripted, with: { deal: "\${{ inputs.deal }}" } }\n`;
}

const oneByOne = limited('key: "${{ inputs.deal }}"');

export function describeRunValues(bench: () => StoreBench): void {
  it('computes vars once, when a run begins, whatever their order in the file; steps see them, over a crash too', async () => {
    const store = bench();
    const begun = new Date(store.now).toISOString();
    const run = await store.run(withValues, { live: true, n: 4 });
    assert.deepEqual((await store.runDetail(run)).vars, { host: 'api.example.com', url: 'https://api.example.com/orders', half: 2.5, begun });
    const book = await store.next();
    assert.deepEqual(JSON.parse(book.payload), { url: 'https://api.example.com/orders', half: 2.5 });
    store.now += 60_000;
    await store.crash();
    await store.succeed(await store.next(), { id: 'B7' });
    assert.deepEqual(JSON.parse((await store.next()).payload), { at: begun });
    const value = await store.store.evaluate({ runId: run, expression: 'vars.host', env: {} });
    assert.deepEqual(value, { ok: true, value: 'api.example.com' });
  });

  it('starts nothing where one of vars can not be computed, and says which', async () => {
    const store = bench();
    await assert.rejects(store.run(withValues, { live: true, n: 'four' }), { code: 'invalid-inputs', message: /^The value half of `vars` can't be computed: .*Nothing was started\.$/ });
    assert.deepEqual(await store.claim(), []);
    assert.deepEqual((await store.store.listRuns({ limit: 10 })).runs, []);
  });

  it('keeps the outputs of a run that succeeds', async () => {
    const store = bench();
    const run = await store.run(withValues, { live: false, n: 4 });
    assert.equal((await store.runDetail(run)).outputs, undefined);
    await store.succeed(await store.next(), { id: 'B7' });
    assert.deepEqual(await store.states(run), { run: 'succeeded', book: 'succeeded', tell: 'skipped' });
    assert.deepEqual((await store.runDetail(run)).outputs, { booked: 'B7', host: 'sandbox.example.com' });
  });

  it('fails a run whose outputs can not be computed, and runs its on-failure steps', async () => {
    const store = bench();
    const run = await store.run(`steps:\n  book: { uses: test/scripted, with: {} }\non-failure:\n  tell: { uses: test/scripted, with: { why: "\${{ run.error.message }}" } }\noutputs: { id: "\${{ steps.book.output.id + 1 }}" }\n`);
    await store.succeed(await store.next(), { other: 1 });
    const { state, error } = await store.runDetail(run);
    assert.equal(state, 'failed');
    assert.match(error?.message ?? '', /^All steps have succeeded, but the `outputs` of the run can't be computed: /);
    assert.equal(error?.step, undefined);
    assert.match((JSON.parse((await store.next()).payload) as { why: string }).why, /outputs/);
  });

  it('lets one run of a key at a time begin, the oldest first; other keys and other workflows do not wait', async () => {
    const store = bench();
    const [first, second, third] = [await store.run(oneByOne, { deal: 'a' }), await store.run(oneByOne, { deal: 'a' }), await store.run(oneByOne, { deal: 'a' })];
    const other = await store.run(oneByOne, { deal: 'b' });
    const elsewhere = await store.run(oneByOne, { deal: 'a' }, 'elsewhere');
    const queued = async (): Promise<(boolean | undefined)[]> => Promise.all([first, second, third, other, elsewhere].map(async (run) => (await store.runDetail(run)).queued));
    assert.deepEqual(await queued(), [undefined, true, true, undefined, undefined]);
    assert.equal((await store.runDetail(second)).concurrencyKey, 'a');
    const jobs = await store.claim();
    assert.equal(jobs.length, 3);
    const [ofFirst] = jobs;
    assert.ok(ofFirst);
    await store.succeed(ofFirst);
    assert.deepEqual(await queued(), [undefined, undefined, true, undefined, undefined]);
    // A run that fails lets the next one begin as well.
    await store.die(await store.next());
    assert.deepEqual(await queued(), [undefined, undefined, undefined, undefined, undefined]);
    await store.succeed(await store.next());
    assert.deepEqual(await store.states(third), { run: 'succeeded', only: 'succeeded' });
  });

  it('counts all runs of a workflow together where there is no key, up to the limit, over a crash too', async () => {
    const store = bench();
    const text = limited('limit: 2');
    const runs = [await store.run(text, { deal: 'a' }), await store.run(text, { deal: 'b' }), await store.run(text, { deal: 'c' })];
    await store.crash();
    const [one] = await store.claim();
    assert.ok(one);
    assert.equal((await store.runDetail(runs[2] ?? 0)).queued, true);
    await store.succeed(one);
    assert.equal((await store.runDetail(runs[2] ?? 0)).queued, undefined);
    assert.equal((await store.claim()).length, 1);
  });

  it('cancels a run that waits for others, which the next one does not wait for', async () => {
    const store = bench();
    const [first, second, third] = [await store.run(oneByOne, { deal: 'a' }), await store.run(oneByOne, { deal: 'a' }), await store.run(oneByOne, { deal: 'a' })];
    await store.store.cancelRun({ runId: second, now: store.now });
    assert.deepEqual(await store.states(second), { run: 'cancelled', only: 'cancelled' });
    assert.deepEqual([(await store.runDetail(first)).queued, (await store.runDetail(third)).queued], [undefined, true]);
    await store.succeed(await store.next());
    assert.equal((await store.runDetail(third)).queued, undefined);
  });

  it('starts nothing where others are under way and `when-full` is skip, and names them', async () => {
    const store = bench();
    const text = limited('key: "${{ inputs.deal }}", when-full: skip');
    const run = await store.run(text, { deal: 'a' });
    await assert.rejects(store.run(text, { deal: 'a' }), { code: 'run-skipped', message: `Nothing was started: r${run} is under way, and \`concurrency\` of the workflow lets 1 at a time and skips what comes meanwhile.`, data: { runs: [`r${run}`] } });
    await store.run(text, { deal: 'b' });
    await store.cancel(run);
    await store.run(text, { deal: 'a' });
  });

  it('cancels the oldest where `when-full` says so, and begins when it has ended', async () => {
    const store = bench();
    const text = limited('key: "${{ inputs.deal }}", when-full: cancel-oldest');
    const first = await store.run(text, { deal: 'a' });
    const underWay = await store.next();
    const second = await store.run(text, { deal: 'a' });
    assert.deepEqual(store.last.aborting, [underWay.jobId]);
    assert.equal((await store.runDetail(second)).queued, true);
    // Then that one is the oldest which is not being cancelled.
    const third = await store.run(text, { deal: 'a' });
    assert.deepEqual(await store.states(second), { run: 'cancelled', only: 'cancelled' });
    await store.settle(underWay, { kind: 'cancelled' });
    assert.deepEqual(await store.states(first), { run: 'cancelled', only: 'cancelled' });
    assert.deepEqual((await store.claim()).map(({ payload }) => JSON.parse(payload) as unknown), [{ deal: 'a' }]);
    assert.equal((await store.runDetail(third)).queued, undefined);
  });

  it('counts a run that a replay reopens, without stopping it', async () => {
    const store = bench();
    const first = await store.run(oneByOne, { deal: 'a' });
    const dead = await store.next();
    await store.die(dead);
    const second = await store.run(oneByOne, { deal: 'a' });
    await store.store.replay({ jobIds: [dead.jobId], now: store.now });
    const jobs = await store.claim();
    assert.equal(jobs.length, 2);
    const third = await store.run(oneByOne, { deal: 'a' });
    for (const job of jobs) {
      assert.equal((await store.runDetail(third)).queued, true);
      await store.succeed(job);
    }
    assert.equal((await store.runDetail(third)).queued, undefined);
    assert.deepEqual([(await store.states(first))['run'], (await store.states(second))['run']], ['succeeded', 'succeeded']);
  });

  it('never lets more begin than the limit, whatever happens to them, and leaves none behind', async () => {
    const store = bench();
    let tries = 0;
    const step = fc.record({ what: fc.constantFrom('run', 'run', 'claim', 'succeed', 'die', 'cancel', 'crash'), at: fc.nat(20), deal: fc.constantFrom('a', 'b') });
    const plan = fc.record({ limit: fc.integer({ min: 1, max: 3 }), whenFull: fc.constantFrom('queue', 'skip', 'cancel-oldest'), steps: fc.array(step, { maxLength: 25 }) });
    await fc.assert(
      fc.asyncProperty(plan, async ({ limit, whenFull, steps }) => {
        const workflow = `w${++tries}`;
        const text = limited(`key: "\${{ inputs.deal }}", limit: ${limit}, when-full: ${whenFull}`);
        const runs: { readonly id: number; readonly deal: string }[] = [];
        const jobs = new Map<number, Awaited<ReturnType<StoreBench['next']>>>();
        const claim = async (): Promise<void> => (await store.claim()).forEach((job) => jobs.set(job.jobId, job));
        const take = (index: number): Awaited<ReturnType<StoreBench['next']>> | undefined => {
          const job = [...jobs.values()][index % Math.max(1, jobs.size)];
          if (job !== undefined) jobs.delete(job.jobId);
          return job;
        };
        const begun = async (deal: string): Promise<number> =>
          (await Promise.all(runs.filter((run) => run.deal === deal).map(({ id }) => store.runDetail(id)))).filter(({ state, queued }) => state === 'running' && queued !== true).length;
        for (const { what, at, deal } of steps) {
          if (what === 'run') {
            await store.run(text, { deal }, workflow).then((id) => runs.push({ id, deal }), (error: unknown) => assert.equal((error as { code?: string }).code, 'run-skipped'));
          } else if (what === 'claim') await claim();
          else if (what === 'crash') {
            await store.crash();
            jobs.clear();
          } else if (what === 'cancel') {
            const run = runs[at % Math.max(1, runs.length)];
            await store.store.cancelRun({ runId: run?.id ?? 0, now: store.now }).catch(() => undefined);
            await store.cascade();
          } else {
            const job = take(at);
            if (job !== undefined) await (what === 'die' ? store.die(job) : store.succeed(job));
          }
          await store.cascade();
          for (const key of ['a', 'b']) assert.ok((await begun(key)) <= limit, `more than ${limit} have begun`);
        }
        for (let rounds = 0; rounds < 100 && (jobs.size > 0 || store.last.runningRuns > 0); rounds++) {
          store.now += 3_600_000;
          await store.store.promote({ now: store.now });
          await claim();
          for (let job = take(0); job !== undefined; job = take(0)) await store.succeed(job);
          await store.cascade();
        }
        assert.equal(store.last.runningRuns, 0, 'a run was left behind');
      }),
      { numRuns: 12 },
    );
  });

  it('holds for runs that steps start, also for several in one transaction; a step whose run is skipped has failed', async () => {
    const store = bench();
    const parent = await store.run('inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, foreach: { items: "${{ inputs.list }}", on-item-failure: continue }, with: {} }\n', { list: [1, 2, 3] });
    await store.fanOut();
    const begin = async (text: string): Promise<void> => {
      const jobs = await store.claim();
      const run = { workflow: 'child', version: createHash('sha256').update(text).digest('hex').slice(0, 32), text, inputs: '{"deal":"a"}' };
      await store.store.settle({ outcomes: jobs.map(({ jobId, attempt }) => ({ jobId, attempt, endedAt: store.now, outcome: { kind: 'wait', wait: { for: 'run', run, detached: false } } })) }).stored;
    };
    await begin(oneByOne);
    const children = (await store.store.listRuns({ parentRun: parent, limit: 10 })).runs.reverse();
    assert.deepEqual(children.map(({ queued }) => queued), [undefined, true, true]);
    for (const _child of children) await store.succeed(await store.next());
    assert.deepEqual(await store.states(parent), { run: 'succeeded', each: 'succeeded' });
    const other = await store.run('steps:\n  a: { uses: test/scripted, with: {} }\n  b: { uses: test/scripted, with: {} }\n');
    await begin(limited('when-full: skip'));
    assert.deepEqual((await store.jobs(other)).map(({ state, error }) => [state, error?.cause]), [['delayed', undefined], ['dead', 'run skipped']]);
    await store.succeed(await store.next());
  });
}
