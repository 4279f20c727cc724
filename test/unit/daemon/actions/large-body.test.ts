import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { ActionContext } from '../../../../daemon/actions/action.ts';
import { BodyProcess } from '../../../../daemon/actions/body-process.ts';
import { MachineTroubleError } from '../../../../daemon/core/machine-trouble.ts';
import type { Json, JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

const json = { 'content-type': 'application/json' };
const text = 'x'.repeat(2_000_000);

function bodyOf(output: Uint8Array | undefined): Json | undefined {
  return (JSON.parse(new TextDecoder().decode(output)) as JsonObject).body;
}

describe('a large body of an answer', () => {
  const bench = new ActionBench();
  let bodies: BodyProcess;
  beforeEach(() => {
    bodies = new BodyProcess();
  });
  afterEach(async () => {
    bodies.stop();
    await bench.clear();
  });

  const list = (length: number): { readonly id: number; readonly name: string }[] => Array.from({ length }, (_, id) => ({ id, name: 'Zoë, whose word is hunter2-hunter2' }));
  const encodeLargeBody: ActionContext['encodeLargeBody'] = (output, body) => bodies.encode(JSON.stringify(output), body, ['hunter2-hunter2']);
  const context = { encodeLargeBody };

  it('is what a small one would be, with secrets masked, and others have their turns while it is worked on', async () => {
    const { url } = await bench.http(() => ({ headers: json, body: `{"big":12345678901234567890,"list":${JSON.stringify(list(50_000))}}` }));
    let turns = 0;
    let isUnderWay = false;
    const { output, encodedOutput, warning } = succeeded(
      await bench.run('http/request', { url, 'max-bytes': 20_000_000 }, {
        encodeLargeBody: async (rest, body) => {
          isUnderWay = true;
          const count = (): void => {
            turns++;
            if (isUnderWay) setImmediate(count);
          };
          setImmediate(count);
          const encoded = await encodeLargeBody(rest, body);
          isUnderWay = false;
          return encoded;
        },
      }),
    );
    assert.equal(turns > 1, true, 'the event loop continued');
    assert.equal('body' in Object(output), false);
    assert.deepEqual(bodyOf(encodedOutput), { big: '12345678901234567890', list: list(50_000).map((one) => ({ ...one, name: 'Zoë, whose word is ***' })) });
    assert.match(warning ?? '', /the number 12345678901234567890, beyond 2\^53/);
  });

  it('is text if it is not JSON, and one process works on one after the other', async () => {
    const { url } = await bench.http(() => ({ headers: json, body: text }));
    const call = async (): Promise<Json | undefined> => bodyOf(succeeded(await bench.run('http/request', { url, 'max-bytes': 20_000_000 }, context)).encodedOutput);
    const first = await call();
    const { pid } = bodies;
    assert.ok(pid !== undefined);
    const others = await Promise.all([call(), call(), call()]);
    for (const body of [first, ...others]) assert.ok(body === text);
    assert.equal(bodies.pid, pid);
    bodies.stop();
    assert.equal(bodies.pid, undefined);
    assert.ok((await call()) === text, 'after its end there is another');
  });

  it('that takes more memory than the process has fails for good, with a clear message, and those behind it do not', async () => {
    bodies = new BodyProcess({ heapMb: 64 });
    const { url } = await bench.http((request) => ({ headers: json, body: request.path === '/many' ? `[${'{},'.repeat(1_500_000)}{}]` : text }));
    const call = (path: string) => bench.run('http/request', { url: url + path, method: 'POST', 'max-bytes': 20_000_000 }, context);
    const [many, ...others] = await Promise.all([call('/many'), call('/text'), call('/text')]);
    const { error, effectStands, machine } = failed(many);
    assert.deepEqual([error.kind, error.cause, effectStands, machine], ['invalid', 'response too large', true, undefined]);
    assert.match(error.message, /answered 200, but its body takes more than 64 MB of memory to read\. It isn't repeated, because the call has had its effect\./);
    for (const other of others) assert.ok(bodyOf(succeeded(other).encodedOutput) === text);
  });

  describe('whose process is killed', () => {
    const call = async (method: string): Promise<readonly PromiseSettledResult<Awaited<ReturnType<typeof bench.run>>>[]> => {
      const { url } = await bench.http(() => ({ headers: json, body: text }));
      const run = (): ReturnType<typeof bench.run> => bench.run('http/request', { url, method, 'max-bytes': 20_000_000 }, context);
      succeeded(await run());
      let begun = 0;
      const { promise: bothWait, resolve } = Promise.withResolvers<undefined>();
      const waiting: ActionContext['encodeLargeBody'] = (output, body) => {
        const encoded = encodeLargeBody(output, body);
        if (++begun === 2) resolve(undefined);
        return encoded;
      };
      process.kill(bodies.pid ?? assert.fail('there is no process'), 'SIGSTOP');
      const both = [0, 1].map(() => bench.run('http/request', { url, method, 'max-bytes': 20_000_000 }, { encodeLargeBody: waiting }));
      await bothWait;
      process.kill(bodies.pid ?? assert.fail('there is no process'), 'SIGKILL');
      return Promise.allSettled(both);
    };

    it('is asked for again, uncharged, if the call changes nothing, and the next one has a new process', async function () {
      if (process.platform === 'win32') this.skip();
      const [first, second] = await call('GET');
      assert.ok(first?.status === 'rejected' && first.reason instanceof MachineTroubleError && first.reason.code === 'ENOMEM');
      assert.ok(second?.status === 'fulfilled');
      assert.ok(bodyOf(succeeded(second.value).encodedOutput) === text);
    });

    it('is not asked for again if the call has had its effect', async function () {
      if (process.platform === 'win32') this.skip();
      const [first, second] = await call('POST');
      assert.ok(first?.status === 'fulfilled' && second?.status === 'fulfilled');
      const { error, effectStands } = failed(first.value);
      assert.deepEqual([error.kind, error.cause, effectStands], ['invalid', 'response not readable', true]);
      assert.ok(bodyOf(succeeded(second.value).encodedOutput) === text);
    });
  });

  it('is worked on here if no process can be run, as when the daemon is older than what is installed', async () => {
    bodies = new BodyProcess({ execPath: '/nowhere/node' });
    const { url } = await bench.http(() => ({ headers: json, body: text }));
    const call = () => bench.run('http/request', { url, 'max-bytes': 20_000_000 }, context);
    for (const result of await Promise.all([call(), call()])) assert.ok(bodyOf(succeeded(result).encodedOutput) === text);
  });

  it('is not read beyond what the record keeps if its status fails', async () => {
    const { url } = await bench.http(() => ({ status: 500, body: 'x'.repeat(5_000_000) }));
    const { error, response } = failed(await bench.run('http/request', { url, 'max-bytes': 20_000_000 }, { room: async () => assert.fail('asked for room') }));
    assert.equal(error.cause, '500 Internal Server Error');
    const { body, bodyTruncated } = response as { readonly body: string; readonly bodyTruncated: boolean };
    assert.deepEqual([body, bodyTruncated], ['x'.repeat(4096), true]);
  });

  it('asks for room before a few bytes unfold into it', async () => {
    const { url } = await bench.http(() => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(text) }));
    const asked: number[] = [];
    const { encodedOutput } = succeeded(await bench.run('http/request', { url, 'max-bytes': 20_000_000 }, { ...context, room: async (bytes) => void asked.push(bytes) }));
    assert.ok(bodyOf(encodedOutput) === text);
    assert.deepEqual(asked, [20_000_000]);
    const { url: small } = await bench.http(() => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync('x'.repeat(60_000)) }));
    succeeded(await bench.run('http/request', { url: small }, { room: async () => assert.fail('asked for room') }));
  });
});
