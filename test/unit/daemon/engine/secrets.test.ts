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
      const [attempt] = job.attempts;
      assert.ok(JSON.stringify(attempt?.request).includes('***'));
      if (script === 'echo') assert.ok(JSON.stringify(bench.action.inputs[1]).includes('***'), 'the next step sees no more');
    });
  }

  it('that is missing makes a dead letter that says how to set it, and the replay continues once it is set', async () => {
    const run = await bench.run('steps: { call: { uses: test/scripted, with: { headers: { authorization: "${{ secrets.OTHER }}" } } } }');
    const { state, error } = await bench.jobOf(run, 'call');
    assert.deepEqual([state, error?.kind], ['dead', 'invalid']);
    assert.match(error?.message ?? '', /SLUICE_SECRET_OTHER/);
    assert.equal(bench.action.seen.length, 0);
    writeFileSync(path.join(bench.stateFolder, 'secrets.env'), 'OTHER=from the file\n', { mode: 0o600 });
    await bench.replay(await bench.dead(run));
    assert.deepEqual(bench.action.inputs, [{ headers: { authorization: 'from the file' } }]);
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
