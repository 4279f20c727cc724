import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EngineBench } from '../../../support/engine-bench.ts';

const secret = 's3cr3t/+value&42';

describe('a secret', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench({ env: { SLUICE_SECRET_TOKEN: secret } });
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const call = (script: string, extra = ''): string => `
steps:
  call:
    uses: test/scripted
    retry: none
    with: { do: ${script}, headers: { authorization: "Bearer \${{ secrets.TOKEN }}" }${extra} }
  next: { needs: [call], if: always(), uses: test/scripted, with: { got: "\${{ steps.call.output }}" } }
on-failure:
  tell: { uses: test/scripted, with: { text: "\${{ run.error.message }}" } }
`;

  /** Everything that the store and the log hold, as text. */
  function kept(): string {
    const files = readdirSync(bench.stateFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const logged = bench.logged.map(({ details, message }) => `${message} ${JSON.stringify(details)} ${'err' in details ? String(details.err) : ''}`);
    return [...files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1')), ...logged].join('\n');
  }

  function assertNowhere(): void {
    const text = kept();
    for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex'), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      assert.equal(text.includes(form), false, form);
    }
  }

  it('is filled in for the attempt, and stays a reference everywhere else', async () => {
    const run = await bench.run(call('ok', ', output: fine'));
    assert.deepEqual(bench.action.inputs[0]?.['headers'], { authorization: `Bearer ${secret}` });
    const { payload, revisions } = await bench.jobOf(run, 'call');
    assert.deepEqual(payload, { do: 'ok', headers: { authorization: 'Bearer ${{ secrets.TOKEN }}' }, output: 'fine' });
    assert.deepEqual(revisions[0]?.payload, payload);
    assertNowhere();
  });

  for (const script of ['echo', 'echo-503']) {
    it(`is masked in all that the other side gives back (${script})`, async () => {
      const forms = [Buffer.from(secret).toString('base64'), Buffer.from(`user:${secret}`).toString('base64'), encodeURIComponent(secret)];
      const run = await bench.run(call(script, `, forms: ${JSON.stringify(forms)}`).replace('forms:', 'echoed:'));
      const job = await bench.jobOf(run, 'call');
      const shown = JSON.stringify([job.output, job.error, job.attempts]);
      assert.ok(shown.includes('***'), shown);
      assert.equal(shown.includes(secret), false);
      // What its error is worded with is masked as the text is, and says the same.
      if (script === 'echo-503') assert.deepEqual(job.error?.wording, { pattern: 'It answered {text}', args: { text: job.error?.message.replace('It answered ', '') } });
      const [attempt] = job.attempts;
      assert.ok(JSON.stringify(attempt?.request).includes('***'));
      if (script === 'echo') assert.ok(JSON.stringify(bench.action.inputs[1]).includes('***'), 'the next step sees no more');
    });
  }

  const needing = (name: string): string => `steps: { call: { uses: test/scripted, with: { headers: { authorization: "\${{ secrets.${name} }}" } } } }`;

  it('that is missing keeps the jobs that need it waiting, uncharged and with the reason, until it is set', async () => {
    const run = await bench.run(needing('OTHER'));
    await bench.advance(3_600_000);
    const { state, attempts } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, attempts, bench.action.seen.length], ['pending', [], 0]);
    const [passed] = bench.queue('default').passing;
    assert.deepEqual([passed?.step, passed?.lack], ['call', { kind: 'secret', name: 'OTHER' }]);
    const told = bench.logged.filter(({ message }) => message.includes('It has no secret OTHER: `sluice secrets set OTHER` sets it.'));
    assert.equal(told.length, 1, 'it is told once');
    writeFileSync(path.join(bench.stateFolder, 'secrets.env'), 'OTHER=from the file\n', { mode: 0o600 });
    await bench.refresh();
    assert.deepEqual(bench.action.inputs, [{ headers: { authorization: 'from the file' } }]);
    assert.deepEqual([(await bench.states(run))['run'], bench.queue('default').passing], ['succeeded', []]);
  });

  it('that is missing keeps no other job of its queue waiting, however many need it', async () => {
    const waiting = await bench.run(`
inputs: { list: { type: array } }
steps:
  each:
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { headers: { authorization: "\${{ secrets.OTHER }}" } }
`, { list: Array.from({ length: 700 }, (_, index) => index) });
    const before = bench.engine.commits;
    const runs = [await bench.run(call('ok')), await bench.run(call('ok')), await bench.run(needing('OTHER'))];
    assert.deepEqual(await Promise.all(runs.map(async (run) => (await bench.states(run))['run'])), ['succeeded', 'succeeded', 'running']);
    assert.deepEqual(await bench.tally(waiting), { pending: 700 });
    // A job that isn't claimed costs no transaction: what waits isn't tried again and again.
    assert.ok(bench.engine.commits - before < 40, `${bench.engine.commits - before} transactions`);
    await bench.cancelRun(waiting);
    assert.deepEqual(await bench.tally(waiting), { cancelled: 700 });
  });

  it('that goes while its workflow runs is waited for as well', async () => {
    const file = path.join(bench.stateFolder, 'secrets.env');
    writeFileSync(file, 'OTHER=one\n', { mode: 0o600 });
    const first = await bench.run(needing('OTHER'));
    assert.equal((await bench.states(first))['run'], 'succeeded');
    writeFileSync(file, 'ANOTHER=two\n', { mode: 0o600 });
    const second = await bench.run(needing('OTHER'));
    assert.deepEqual(await bench.tally(second), { pending: 1 });
    writeFileSync(file, 'OTHER=three, and longer\n', { mode: 0o600 });
    await bench.refresh();
    assert.deepEqual(await bench.tally(second), { succeeded: 1 });
  });

  it('isn\'t filled into data that merely looks like a reference', async () => {
    const reference = '${{ secrets.TOKEN }}';
    const run = await bench.run(`
inputs: { list: { type: array } }
steps:
  each:
    uses: test/scripted
    foreach: { items: "\${{ inputs.list }}", key: "\${{ item }}", on-item-failure: continue }
    with: { text: "\${{ item }}", mixed: "to \${{ item }}", headers: { authorization: "\${{ secrets.TOKEN }}" } }
`, { list: [reference] });
    assert.deepEqual(bench.action.inputs, [{ text: reference, mixed: `to ${reference}`, headers: { authorization: secret } }]);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('isn\'t filled into what somebody writes into a dead letter, but stays where it was', async () => {
    const run = await bench.run(call('invalid'));
    await bench.replay(await bench.dead(run), { do: 'ok', text: '${{ secrets.TOKEN }}', headers: { authorization: 'Bearer ${{ secrets.TOKEN }}' } });
    const edited = bench.action.inputs.find(({ do: script }) => script === 'ok');
    assert.deepEqual(edited, { do: 'ok', text: '${{ secrets.TOKEN }}', headers: { authorization: `Bearer ${secret}` } });
    assertNowhere();
  });
});
