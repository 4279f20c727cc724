import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { DaemonLog, type DaemonLogOptions } from '../../../../daemon/log/daemon-log.ts';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

interface Line {
  readonly level: number;
  readonly time: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

describe("the daemon's log", () => {
  let project: string;
  let state: string;
  let file: string;
  let logs: DaemonLog[];
  let clock: FakeClock;

  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'sluice-log-'));
    state = path.join(project, '.sluice', 'state');
    mkdirSync(state, { recursive: true });
    file = path.join(state, 'daemon.log');
    logs = [];
    clock = new FakeClock();
  });
  afterEach(async () => {
    for (const log of logs) await log.stop();
    rmSync(project, { recursive: true, force: true });
  });

  function open(options: Partial<DaemonLogOptions> = {}): DaemonLog {
    const log = new DaemonLog({ projectFolder: project, mask: (text) => text, clock, ...options });
    logs.push(log);
    return log;
  }

  const parsed = (lines: readonly string[]): Line[] => lines.map((line) => JSON.parse(line) as Line);
  const written = (): string => readFileSync(file, 'utf8');

  it('holds a JSON object per line, with level, time, pid and message', async () => {
    const log = open();
    log.info({ queue: 'erp', depth: 5 }, 'the queue fills');
    log.debug({}, 'left out');
    await log.flush();
    assert.deepEqual(parsed(written().trimEnd().split('\n')), [{ level: 30, time: clock.now(), pid: process.pid, queue: 'erp', depth: 5, msg: 'the queue fills' }]);
  });

  it('holds errors with their stacks', async () => {
    const log = open();
    log.error({ err: new TypeError('no such thing') }, 'it broke');
    const [line] = parsed(await log.tail(1));
    assert.match((line?.err as { stack: string }).stack, /TypeError: no such thing\n.*daemon-log\.test\.ts/);
  });

  it('is for its owner alone, even where the file was not', async function () {
    if (process.platform === 'win32') this.skip();
    writeFileSync(file, '', { mode: 0o644 });
    const log = open({ file: { bytes: 200, count: 3 } });
    for (let count = 0; count < 20; count++) log.info({}, 'a line');
    await log.stop();
    for (const name of readdirSync(state)) assert.equal(statSync(path.join(state, name)).mode & 0o777, 0o600, name);
  });

  it('shows no secret, wherever it comes in', async () => {
    const secret = 's3cret "with" quotes\nand lines';
    const masker = new Masker([secret]);
    const shown: string[] = [];
    const terminal = sink((text) => shown.push(text));
    const log = open({ mask: (text) => masker.text(text), toTerminal: true, terminal });
    const told: string[] = [];
    log.onLine((line) => told.push(line));
    log.info({ url: `https://x/?key=${encodeURIComponent(secret)}`, deep: { [secret]: [secret] } }, `message ${secret}`);
    log.error({ err: new Error(`failed with ${secret}`) }, 'failed');
    await log.flush();
    for (const sinkText of [written(), told.join('\n'), shown.join('')]) assert.ok(!/s3cret|with.*quotes/.test(sinkText), sinkText);
    assert.equal(parsed(told).length, 2);
  });

  it('shows no field that is secret by its name', async () => {
    const log = open();
    log.info({ token: 'tok3n', headers: { authorization: 'Bearer tok3n', cookie: 'tok3n' }, request: { headers: { 'x-api-key': 'tok3n' } } }, 'a request');
    await log.flush();
    assert.ok(!written().includes('tok3n'));
  });

  it('stays JSON where a secret is in the syntax of its lines', async () => {
    const masker = new Masker(['level', String(clock.now()), '4711']);
    const log = open({ mask: (text) => masker.text(text) });
    log.info({ pin: 4711, deep: { level: 'the level' }, text: 'pin 4711' }, 'hello');
    const [line] = parsed(await log.tail(1));
    assert.equal(line?.level, 30);
    assert.equal(line.time, clock.now());
    assert.equal(line.pin, '***');
    assert.ok(!JSON.stringify([line.deep, line.text]).includes('4711'));
  });

  it('leaves out a line that cannot be masked', async () => {
    const log = open({
      mask: () => {
        throw new Error('no masker');
      },
    });
    log.info({ password: 'x' }, 's3cret');
    const [line] = parsed(await log.tail(1));
    assert.match(line?.msg ?? '', /could not be masked/);
    assert.ok(!written().includes('s3cret'));
  });

  it('survives whatever it is given', async () => {
    const log = open();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    log.info(circle, 'a circle');
    log.info({ number: 10n }, 'a bigint');
    log.info(
      {
        get trap(): never {
          throw new Error('trapped');
        },
      },
      'a getter that throws',
    );
    log.info({ toJSON: () => assert.fail('never') }, 'a toJSON that throws');
    log.info({ text: 'x'.repeat(5_000_000) }, 'a long line');
    const lines = parsed(await log.tail(10));
    assert.deepEqual(lines.map(({ msg }) => msg).filter((msg) => msg.startsWith('a ')).length, 5);
    assert.ok(JSON.stringify(lines.at(-1)).length < 40_000);
  });

  it('begins a new file when one is full, and keeps so many', async () => {
    const log = open({ file: { bytes: 1_000, count: 3 } });
    for (let count = 0; count < 200; count++) log.info({ count }, 'a line');
    await log.stop();
    assert.deepEqual(readdirSync(state).sort(), ['daemon.log', 'daemon.log.1', 'daemon.log.2']);
    for (const name of readdirSync(state)) assert.ok(statSync(path.join(state, name)).size < 1_200);
  });

  it('tells its last lines, over the files', async () => {
    const log = open({ file: { bytes: 1_000, count: 4 } });
    for (let count = 0; count < 100; count++) log.info({ count }, 'a line');
    const counts = parsed(await log.tail(25)).map(({ count }) => count);
    assert.deepEqual(counts, Array.from({ length: 25 }, (_, index) => 75 + index));
    assert.ok((await log.tail(1_000)).length < 100, 'only what the files still have');
  });

  it('tells its last lines out of a large file, with text of more than one byte, and leaves out half a line', async () => {
    writeFileSync(file, Array.from({ length: 100_000 }, (_, index) => `{"line":${index},"text":"äöü€😀"}\n`).join(''));
    appendFileSync(file, '{"half":');
    const log = open();
    const before = process.memoryUsage().arrayBuffers;
    const lines = await log.tail(3);
    assert.ok(process.memoryUsage().arrayBuffers - before < 2_000_000);
    assert.deepEqual(lines, [99_997, 99_998, 99_999].map((index) => `{"line":${index},"text":"äöü€😀"}`));
  });

  it('has no lines if there is no file', async () => {
    assert.deepEqual(await open().tail(10), []);
  });

  it('costs nothing but lines where the file cannot be written, and continues when it can', async () => {
    // A folder stands where the file should be: the same for root, who may write anywhere.
    mkdirSync(file);
    const log = open();
    const told: string[] = [];
    log.onLine((line) => told.push(line));
    for (let count = 0; count < 10; count++) log.error({ count }, 'a line');
    await log.flush();
    log.info({}, 'while it is broken');
    assert.deepEqual(await log.tail(5), []);
    assert.equal(told.length, 11);
    rmSync(file, { recursive: true });
    await clock.advance(5_000);
    log.info({}, 'again');
    const lines = parsed(await log.tail(5));
    assert.deepEqual(lines.map(({ msg }) => msg), ['11 lines were lost here: the log could not be written', 'again']);
  });

  it('survives a full disk', async function () {
    if (process.platform !== 'linux') this.skip();
    rmSync(state, { recursive: true });
    mkdirSync(state);
    symlinkSync('/dev/full', file);
    const log = open();
    for (let count = 0; count < 10; count++) log.info({ count }, 'a line');
    await log.flush();
    await log.stop();
  });

  it('tells its lines to listeners, whatever one of them does', async () => {
    const log = open();
    const told: string[] = [];
    log.onLine(() => {
      log.info({}, 'an echo');
      throw new Error('my own affair');
    });
    const end = log.onLine((line) => told.push(line));
    log.info({}, 'one');
    end();
    log.info({}, 'two');
    assert.deepEqual(parsed(told).map(({ msg }) => msg), ['one']);
    assert.deepEqual(parsed(await log.tail(9)).map(({ msg }) => msg), ['one', 'an echo', 'two', 'an echo']);
  });

  it('is readable in a terminal, and plays no tricks on it', () => {
    const shown: string[] = [];
    const log = open({ toTerminal: true, terminal: sink((text) => shown.push(text)) });
    log.warn({ queue: 'erp', text: 'two words\u001b[2J\u009b' }, 'the queue \u001b]0;title\u0007 is full');
    log.error({ err: new Error('no\u001b[31m') }, 'it broke');
    const text = shown.join('');
    assert.match(text, /^\d\d:\d\d:\d\d WARN {2}the queue .* is full {2}queue=erp {2}text="two words/);
    assert.match(text, /ERROR it broke\n {2}Error: no.*\n {2} +at .*daemon-log/);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('survives a terminal that is gone', async () => {
    const terminal = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const log = open({ toTerminal: true, terminal });
    log.info({}, 'one');
    log.info({}, 'two');
    assert.equal((await log.tail(9)).length, 2);
    log.info({}, 'three');
    assert.equal((await log.tail(9)).length, 3);
  });

  it('has everything in its file when it has stopped, and takes no harm from more', async () => {
    const log = open();
    for (let count = 0; count < 1_000; count++) log.info({ count }, 'a line');
    await log.stop();
    await log.stop();
    log.info({}, 'too late');
    assert.equal(written().trimEnd().split('\n').length, 1_000);
  });
});

function sink(onText: (text: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      onText(chunk.toString());
      done();
    },
  });
}
