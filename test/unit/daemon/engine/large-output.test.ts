import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../../../schemas/workflow/json.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const secret = 's3cr3t-of-the-crm';
const workflow = `
inputs: { output: { type: object } }
steps:
  first: { uses: test/scripted, with: { do: body, output: "\${{ inputs.output }}", token: "\${{ secrets.TOKEN }}" } }
  next: { needs: [first], uses: test/scripted, with: { word: "\${{ steps.first.output.body.list[29999] }}", status: "\${{ steps.first.output.status }}" } }
`;

describe('the output of an attempt with a large answer', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench({ env: { SLUICE_SECRET_TOKEN: secret } });
    await bench.start();
  });
  afterEach(async () => {
    // What a crash would leave behind here is a real process.
    await bench.stop();
    await bench.dispose();
  });

  const list = (word: (index: number) => string): Json => Array.from({ length: 30_000 }, (_, index) => word(index));
  const sent: Json = { list: list((index) => `Zoë \ud83d\ude00 "${index}" and ${secret}`) };
  const stored: Json = { status: 200, body: { list: list((index) => `Zoë \ud83d\ude00 "${index}" and ***`) } };
  const last = 'Zoë \ud83d\ude00 "29999" and ***';

  /** Without a difference in words, which takes minutes for lists of this length. */
  async function assertStored(run: number): Promise<void> {
    const { output } = await bench.jobOf(run, 'first');
    assert.ok(isDeepStrictEqual(output, stored), JSON.stringify(output).slice(0, 200));
  }

  async function encoded(): Promise<void> {
    await Promise.all(bench.action.encoding);
    await bench.rest();
  }

  it('is stored whole, with secrets masked, for expressions of later steps', async () => {
    const run = await bench.run(workflow, { output: sent });
    await encoded();
    await assertStored(run);
    assert.deepEqual(bench.action.inputs[1], { word: last, status: 200 });
    assert.deepEqual(await bench.tally(run), { succeeded: 2 });
  });

  it('waits in memory, as small ones do, while the store can not be written', async () => {
    const run = await bench.run(workflow, { output: sent });
    bench.trouble = 'The disk is full.';
    await encoded();
    assert.equal((await bench.jobOf(run, 'first')).output, undefined);
    bench.trouble = undefined;
    await bench.advance(60_000);
    await assertStored(run);
    assert.deepEqual(bench.action.inputs[1], { word: last, status: 200 });
  });
});
