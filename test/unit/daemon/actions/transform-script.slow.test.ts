import assert from 'node:assert/strict';
import { getPriority } from 'node:os';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { hostileScript } from '../../../support/hostile-scripts.ts';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { makeSandbox } from '../../../../daemon/actions/sandbox/sandbox.ts';

/** Scripts that end by themselves may take as long as the machine needs. */
const amply = { 'time-limit': '60s' };

describe('transform/script', () => {
  const bench = new ActionBench();
  after(() => bench.clear());

  const run = (script: string, input: JsonObject = {}) => bench.run('transform/script', { script, input, ...amply }, { code: { text: script, line: 10 } });
  const message = async (script: string, input?: JsonObject) => failed(await run(script, input)).error.message;
  const output = async (script: string, input?: JsonObject) => succeeded(await run(script, input)).output;

  it('gives what its function returns, or what its promise gives', async () => {
    assert.deepEqual(await output('export default ({ item }) => ({ name: item.name.trim(), tags: [...new Set(item.tags)] })', { item: { name: ' Ada ', tags: ['a', 'a'] } }), { name: 'Ada', tags: ['a'] });
    assert.equal(await output('export default async ({ a }) => (await a) + 1', { a: 1 }), 2);
    assert.equal(await output('const add = ({ a, b }) => a + b;\nexport default add', { a: 1, b: 2 }), 3);
  });

  it('has no clock but that of the attempt, and the same random numbers in all attempts', async () => {
    const script = 'export default ({ now }) => [now, new Date(), Date.now(), Date(), new Date(0).constructor === Date, Math.random()]';
    const first = await output(script);
    assert.deepEqual(first, await output(script));
    assert.deepEqual((first as readonly unknown[]).slice(0, 5), ['2026-01-02T03:05:00.000Z', '2026-01-02T03:05:00.000Z', Date.UTC(2026, 0, 2, 3, 5), 'Fri Jan 02 2026 03:05:00 GMT+0000', true]);
    const other = succeeded(await bench.run('transform/script', { script, ...amply }, { idempotencyKey: 'key_2' })).output;
    assert.notDeepEqual(other, first);
  });

  it('has nothing to reach the outside with', async () => {
    const names = ['process', 'require', 'fetch', 'setTimeout', 'WebSocket', 'Worker', 'std', 'os', 'WebAssembly', 'performance', 'Atomics'];
    assert.deepEqual(await output(`export default () => [${names.map((name) => `typeof ${name}`).join(', ')}]`), names.map(() => 'undefined'));
    assert.equal(await output('export default ({ constructor }) => constructor.constructor("return typeof process + typeof globalThis.console.log.constructor(\'return this\')().process")()'), 'undefinedundefined');
  });

  it('keeps whole numbers exact: large ones are texts', async () => {
    assert.deepEqual(await output('export default ({ id }) => [BigInt(id) + 1n, 5n, 2n ** 53n - 1n, -(2n ** 64n)]', { id: '9007199254740993' }), ['9007199254740994', 5, 9007199254740991, '-18446744073709551616']);
  });

  it('says at which line of the file it failed', async () => {
    assert.match(await message('export default () => {\n  const a = 1;\n  return b;\n}'), /^The script failed: ReferenceError: 'b' is not defined\. See line 12 of the workflow's file\.$/);
    assert.match(await message('\nexport default async () => { throw new TypeError("no such thing"); }'), /TypeError: no such thing\. See line 11 of/);
    const edited = failed(await bench.run('transform/script', { script: '\nnope()', ...amply }, { code: { text: 'another', line: 10 } }));
    assert.match(edited.error.message, /ReferenceError.*See line 2 of the code\./);
    assert.equal(edited.error.kind, 'invalid');
  });

  const refused: readonly (readonly [what: string, script: string, message: RegExp])[] = [
    ['a syntax error', 'export default () => {\n  let = ;\n}', /not valid JavaScript: .*See line 11/],
    ['no default export', 'const a = 1;', /no function as its default export/],
    ['no result', 'export default () => {}', /returned nothing/],
    ['a function in the result', 'export default () => ({ a: [{ f() {} }] })', /output\.a\[0\]\.f is a function/],
    ['a cycle', 'export default () => { const a = {}; a.b = [a]; return a; }', /output\.b\[0\] is a value that it is part of/],
    ['undefined in a list', 'export default () => [undefined]', /output\[0\] is undefined/],
    ['a Map', 'export default () => ({ m: new Map() })', /output\.m is a Map. Write Object\.fromEntries\(map\)/],
    ['NaN', 'export default () => ({ x: 0 / 0 })', /output\.x is NaN/],
    ['a symbol', 'export default () => [Symbol()]', /output\[0\] is a symbol/],
    ['a large result', 'export default () => "x".repeat(2_000_000)', /2000002 bytes of JSON; 1048576 is the most/],
    ['a promise that nothing settles', 'export default () => new Promise(() => {})', /waits for a promise that nothing can settle/],
    ['something thrown that is no error', 'export default () => { throw null; }', /The script failed: null/],
    ['an import', 'import a from "a"; export default () => a', /could not load module/],
    ['endless recursion', 'const f = () => f(); export default () => f()', /nested too deeply/],
    ['endless nesting', 'export default () => { let a = 1; for (let i = 0; i < 1e5; i++) a = [a]; return a; }', /nested too deeply/],
    ['much memory', 'export default () => "x".repeat(100_000_000)', /64 MiB of memory/],
  ];
  for (const [what, script, expected] of refused) it(`refuses ${what}, and runs the next one`, async () => {
    assert.match(await message(script), expected);
    assert.equal(await output('export default () => 1'), 1);
  });

  it('ends what takes too much processor time, in a loop, in promises, and in a pattern', async () => {
    for (const script of ['export default () => {\n  while (true);\n}', 'export default async () => { for (;;) await 1; }', 'export default () => /(a+)+$/.test("a".repeat(60) + "b")', 'export default () => { throw { get message() { for (;;); } }; }']) {
      const { error } = failed(await bench.run('transform/script', { script, 'time-limit': '50ms' }));
      assert.match(error.message, /used up its 50 ms of processor time|says nothing of itself/);
    }
  });

  it('ends what nothing can interrupt with its process, and is ready for the next one', async () => {
    const { error } = failed(await bench.run('transform/script', { script: 'export default () => new Array(2 ** 32 - 1).indexOf(1)', 'time-limit': '10ms' }));
    assert.equal(error.kind, 'timeout');
    assert.equal(await output('export default () => 1'), 1);
  });

  it('is ended by a cancel, while it runs or waits', async () => {
    const controller = new AbortController();
    const running = Array.from({ length: 4 }, () => bench.run('transform/script', { script: 'export default () => { while (true); }', ...amply }, { signal: controller.signal }));
    controller.abort();
    for (const result of await Promise.all(running)) assert.equal(failed(result).error.kind, 'cancelled');
    assert.equal(await output('export default () => 1'), 1);
  });

  it('keeps what is logged in the record, bounded, whether it succeeds or not', async () => {
    assert.deepEqual(succeeded(await run('export default () => { console.log("a", { b: 1 }, 2n); return 1; }')).response, { log: ['a {"b":1} 2'] });
    const failure = failed(await run('export default () => { for (let i = 0; i < 1e4; i++) console.warn("x".repeat(1e4)); throw 1; }'));
    const { log } = failure.response as { readonly log: readonly string[] };
    assert.ok(log.length <= 101 && log.join('').length < 20_000, `${log.length} lines`);
    assert.equal(log.at(-1), '…');
  });

  it('a process that dies fails only what it was running', async () => {
    const sandbox = makeSandbox(systemClock);
    const task = { language: 'script', nowMs: 0, seed: 1, limitMs: 60_000 } as const;
    const { signal } = new AbortController();
    const lost = sandbox.run({ ...task, code: 'export default () => { while (true); }' }, '{}', signal);
    const [pid] = sandbox.pids;
    assert.ok(pid !== undefined);
    // What it takes of the processor is what others leave.
    assert.ok(getPriority(pid) > getPriority());
    process.kill(pid, 'SIGKILL');
    assert.deepEqual((await lost).kind, 'lost');
    const next = await sandbox.run({ ...task, code: 'export default () => 1' }, '{}', signal);
    assert.equal(next.kind === 'reply' && next.bytes.toString(), '1');
    sandbox.stop();
  });

  it('hostile programs neither hang nor escape', async () => {
    const seeds = Array.from({ length: Number(process.env['SLUICE_HOSTILE_SCRIPTS'] ?? 30) }, (_, index) => index + 1);
    const ended = await Promise.all(seeds.map(async (seed) => ({ seed, result: await bench.run('transform/script', { script: hostileScript(seed), input: { item: { a: 1 } }, 'time-limit': '30ms' }) })));
    // Whatever they do, they see nothing of the process that runs them.
    for (const { seed, result } of ended) assert.ok(!JSON.stringify(result).includes('ESCAPED'), `seed ${seed}`);
    assert.equal(await output('export default () => 1'), 1);
  });
});
