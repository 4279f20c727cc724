import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { codeBlocksOf, pages, root } from '../unit/docs/doc-pages.ts';

const page = pages.get('docs/getting-started.md') ?? '';
const bin = path.join(root, 'bin/sluice.cjs');

interface Typed {
  readonly line: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The page as a reader follows it: its files are written under the names that it gives them, its commands typed in their order. */
describe('docs/getting-started.md', () => {
  const [setUp, ...blocks] = codeBlocksOf(page);
  const typed: Typed[] = [];
  let folder: string;
  let receiver: ChildProcessByStdio<null, Readable, null>;
  let port: string;

  before(async function () {
    // The page is for a POSIX shell.
    if (process.platform === 'win32') this.skip();
    assert.match(setUp?.text ?? '', /npm run build/);
    folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-page-')));
    for (const block of blocks) {
      if (block.language === 'sh') {
        for (const line of block.text.trim().split('\n')) typed.push(await type(line));
      } else if (block.language !== 'text') {
        const file = fileOf(block.line);
        if (file === 'receiver.mjs') await startReceiver(block.text);
        else await writeFile(path.join(folder, file), block.text.replaceAll(':4000/', `:${port}/`));
        if (file === '.sluice/workflows/deals.yaml') typed.push(await typeWithMistake(file, block.text));
      }
    }
  });
  after(async () => {
    receiver.kill();
    await type('sluice down');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('has only commands that do what they should; the run that fails is the exception', () => {
    assert.ok(typed.length > 15);
    assert.deepEqual(typed.filter(({ code }) => code !== 0).map(({ line, code }) => ({ line, code })), [
      { line: 'validate, with a mistake', code: 1 },
      { line: 'sluice run deals -i deals=@deals.json --wait', code: 1 },
    ]);
  });

  it('shows what the commands print', () => {
    assert.match(typedAs('validate, with a mistake').stdout, /^\.sluice\/workflows\/deals\.yaml:\d+:\d+: error: .*'?crm'?\?/m);
    const [shown = ''] = blocks.filter(({ language }) => language === 'text').map((block) => block.text.trim());
    const failed = typedAs('sluice run deals -i deals=@deals.json --wait');
    assert.ok((failed.stdout + failed.stderr).includes(shown.replace(':4000', `:${port}`)), failed.stdout + failed.stderr);
    assert.match(typedAs('sluice dead').stdout, /\bj3\b.*422/);
    assert.match(typedAs('sluice run-show r1').stdout, /^r1  succeeded/);
    assert.deepEqual(typed.filter(({ line }) => line === 'sluice queues').map(({ stdout }) => /\b(30|600)\/min/.exec(stdout)?.[1]), ['30', '600']);
  });

  /** What the reader is told to try. */
  async function typeWithMistake(file: string, yaml: string): Promise<Typed> {
    await writeFile(path.join(folder, file), yaml.replace('queue: crm', 'queue: cmr'));
    const result = await type('sluice validate');
    await writeFile(path.join(folder, file), yaml.replaceAll(':4000/', `:${port}/`));
    return { ...result, line: 'validate, with a mistake' };
  }

  async function startReceiver(source: string): Promise<void> {
    const anyPort = source.replace("4000, '127.0.0.1', () => console.log('listening on port 4000')", "0, '127.0.0.1', function () { console.log(this.address().port); }");
    assert.notEqual(anyPort, source);
    await writeFile(path.join(folder, 'receiver.mjs'), anyPort);
    receiver = spawn(process.execPath, ['receiver.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(receiver.stdout.setEncoding('utf8'), 'data')) as [string];
    port = line.trim();
    receiver.stdout.resume();
  }

  async function type(line: string): Promise<Typed> {
    const shell = spawn('sh', ['-c', `sluice() { "$NODE" "$BIN" "$@"; }\nnode() { "$NODE" "$@"; }\n${line}`], {
      cwd: folder,
      env: { ...process.env, NODE: process.execPath, BIN: bin },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(shell, 'close') as Promise<[number | null]>;
    const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
    return { line, code: (await ended)[0], stdout, stderr };
  }

  function typedAs(line: string): Typed {
    const found = typed.find((one) => one.line === line);
    assert.ok(found !== undefined, `the page doesn't say ${line}`);
    return found;
  }
});

/** The file that the page names last before a block. */
function fileOf(line: number): string {
  const before = page.split('\n').slice(0, line - 2).join('\n');
  const names = [...before.matchAll(/`([\w./]+\.(?:mjs|yaml|json))`/g)].map(([, name = '']) => name);
  return names.at(-1) ?? assert.fail(`no file is named before line ${line}`);
}
