/**
 * Everything that is checked, in one command: `npm test`, or some parts of it by name: `npm test -- types unit`. `npm test -- quick` is for
 * every day: types, lint of what has changed since the last commit, and the unit tests without the slow ones.
 *
 * Parts that only read run side by side, and so do those with windows of VS Code, as many at a time as there are cores; the others run one after the other, in that order. A failing part doesn't stop the next. What failed is repeated at the end, where a reader who sees only the end finds it. The very last
 * line is `N passed, N failed, N skipped`, summed over the tests of the suites, where each other part counts as one test.
 */
import '../test/support/own-home.ts';
import Mocha from 'mocha';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import PQueue from 'p-queue';
import { fileURLToPath } from 'node:url';
import { findChromium } from '../test/vscode/host/chromium.ts';
import { testWindows } from '../test/vscode/host/test-windows.ts';
import { prepareStages } from '../test/vscode/ui/prepare-stages.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The tests that failed and why, as far as the part can tell. */
  readonly failures?: readonly string[];
}

interface Part {
  readonly name: string;
  readonly run: () => Promise<Counts>;
  /** It only reads, and so may run beside others that do. It prints nothing but what is wrong. */
  readonly reads?: true;
  /** It opens windows of VS Code, and may run beside others that do. */
  readonly opensWindows?: true;
  /** It runs what `dist/` has, which is built first. */
  readonly runsBuilt?: true;
}

const root = path.resolve(import.meta.dirname, '..');
const onePassed: Counts = { passed: 1, failed: 0, skipped: 0 };
const oneFailed: Counts = { passed: 0, failed: 1, skipped: 0 };
const oneSkipped: Counts = { passed: 0, failed: 0, skipped: 1 };

/** Files that measure what happens by the machine's own clock: nothing else runs beside them. */
const timedFiles = ['test/daemon/examples.test.ts', 'test/fault/{pause,wall-clock}.test.ts', 'test/fault/rate*.test.ts'];

/** Files of `unit` that `quick` leaves out. What makes a file one of them is in CONTRIBUTING.md, and `test/unit/structure.test.ts` checks it. */
const slowFiles = 'test/unit/**/*.slow.test.ts';

interface Suite {
  readonly files: readonly string[];
  readonly except?: readonly string[];
  /** Files that run at the same time, each in a process of its own: they have their own folders, clocks and ports, and none measures time. 1 if it isn't there. */
  readonly jobs?: number;
}

const cores = Math.min(4, availableParallelism());

const suites: Readonly<Record<string, Suite>> = {
  // The slow ones first, so that none is left to run alone at the end. They wait for disks, threads and servers too.
  unit: { files: [slowFiles, 'test/unit/**/*.test.ts'], jobs: cores + 1 },
  quick: { files: ['test/unit/**/*.test.ts'], except: [slowFiles], jobs: cores },
  daemon: { files: ['test/daemon/**/*.test.ts'], except: timedFiles, jobs: cores },
  // Half of their time is waiting for processes that were killed, stopped or cut off.
  fault: { files: ['test/fault/**/*.test.ts'], except: timedFiles, jobs: 2 * cores },
  timed: { files: timedFiles },
  page: { files: ['test/page/**/*.test.ts'] },
  ...Object.fromEntries(journeyFiles().map((file) => [file, { files: [file] }])),
};

const parts: readonly Part[] = [
  { name: 'lint', run: () => runTool('node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.'), reads: true },
  { name: 'types', run: () => runTool('node_modules/typescript/bin/tsc', '--project', '.', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/types.tsbuildinfo'), reads: true },
  // It runs in a browser, which has other globals than Node.
  { name: 'page-types', run: () => runTool('node_modules/typescript/bin/tsc', '--project', 'extension/dashboard/page'), reads: true },
  { name: 'build', run: build },
  { name: 'unit', run: () => runSuite('unit'), runsBuilt: true },
  { name: 'daemon', run: () => runSuite('daemon'), runsBuilt: true },
  { name: 'fault', run: () => runSuite('fault'), runsBuilt: true },
  { name: 'timed', run: () => runSuite('timed'), runsBuilt: true },
  { name: 'page', run: () => runWithBrowser(() => runSuite('page')), runsBuilt: true },
  { name: 'vscode', run: () => runWithBrowser(() => inWindows(testWindows.map(({ name }) => () => runProgram(name, ['test/vscode/host/main.ts', name], { together: true })))), opensWindows: true, runsBuilt: true },
  { name: 'ui', run: () => runWithBrowser(() => inWindows(journeyFiles().map((file) => () => runSuite(file, { together: true })))), opensWindows: true, runsBuilt: true },
];

const quickParts: readonly Part[] = [
  { name: 'lint', run: lintChanged, reads: true },
  ...parts.filter(({ name }) => ['types', 'page-types', 'build'].includes(name)),
  { name: 'unit', run: () => runSuite('quick'), runsBuilt: true },
];

/** A suite that hangs in synchronous code or in a hook would never end by mocha's own timeout. */
const suiteLimitMs = 40 * 60_000;
/** How long a suite's process may live on after its last test, before what it left open counts as a failure. */
const leftOpenLimitMs = 10_000;

async function main(args: readonly string[]): Promise<number> {
  const isQuick = args.length === 1 && args[0] === 'quick';
  const unknown = isQuick ? [] : args.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`test: no part is called ${unknown.join(', ')}; there are: quick, or any of ${parts.map((part) => part.name).join(', ')}`);
    return 2;
  }

  const total = { passed: 0, failed: 0, skipped: 0 };
  const failedParts: { readonly name: string; readonly failures: readonly string[] }[] = [];
  const runPart = async ({ name, run }: Part): Promise<void> => {
    console.log(`\n=== ${name} ===`);
    const startedAtMs = performance.now();
    const { passed, failed, skipped, failures = [] } = await run().catch((error: unknown) => ({ ...oneFailed, failures: [messageOf(error)] }));
    console.log(`--- ${name}: ${failed === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    if (failed > 0) failedParts.push({ name, failures });
  };
  const named = parts.filter(({ name }) => args.length === 0 || args.includes(name));
  const chosen = isQuick ? quickParts : parts.filter((part) => named.includes(part) || (part.name === 'build' && named.some(({ runsBuilt }) => runsBuilt)));
  await Promise.all(chosen.filter(({ reads }) => reads).map(runPart));
  for (const part of chosen.filter(({ reads, opensWindows }) => reads !== true && opensWindows !== true)) await runPart(part);
  await Promise.all(chosen.filter(({ opensWindows }) => opensWindows).map(runPart));

  console.log('');
  for (const { name, failures } of failedParts) console.log([`Failed: ${name}`, ...failures.map(indented)].join('\n'));
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : 0;
}

/** What is tested from then on is what was built: see `test/support/tested-programs.ts`. */
async function build(): Promise<Counts> {
  const counts = await runTool('scripts/build.ts');
  if (counts.failed === 0) process.env['SLUICE_TEST_BUILT'] = 'yes';
  return counts;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

async function runTool(script: string, ...args: string[]): Promise<Counts> {
  const end = await ended(startNode([path.join(root, script), ...args], 'inherit'));
  return end === 0 ? onePassed : oneFailed;
}

/** Lints the files that differ from the last commit; those of the last commit if none does. */
async function lintChanged(): Promise<Counts> {
  const git = (...args: readonly string[]): readonly string[] => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  const changed = [...git('diff', '--name-only', 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')];
  const files = (changed.some(isLinted) ? changed : git('diff', '--name-only', 'HEAD~1', 'HEAD')).filter(isLinted);
  return files.length === 0 ? onePassed : runTool('node_modules/eslint/bin/eslint.js', '--max-warnings', '0', ...files);
}

function isLinted(file: string): boolean {
  return /\.(?:[cm]?js|ts)$/.test(file) && existsSync(path.join(root, file));
}

/** Whether it has been said already. */
let isBrowserMissed = false;

/** A VS Code shows its window in a browser here. Where there is none, that is not the fault of the code, but a machine that is to find faults has to have one. */
async function runWithBrowser(run: () => Promise<Counts>): Promise<Counts> {
  if (findChromium() !== undefined) return run();
  if (!isBrowserMissed) console.log('Not run: the tests in a real VS Code need Chromium or Chrome; install it (apt-get install chromium), or name it in the variable CHROMIUM.');
  isBrowserMissed = true;
  return process.env['CI'] === 'true' ? oneFailed : oneSkipped;
}

const windows = new PQueue({ concurrency: cores });

/** Each run is one VS Code with a browser. What all need is made before the first, because it builds `dist/` anew. */
async function inWindows(runs: readonly (() => Promise<Counts>)[]): Promise<Counts> {
  process.env['SLUICE_TEST_VSIX'] = await prepareStages();
  const counts = await Promise.all(runs.map((run) => windows.add(run)));
  const sum = (of: (one: Counts) => number): number => counts.reduce((total, one) => total + of(one), 0);
  return { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed), skipped: sum(({ skipped }) => skipped), failures: counts.flatMap(({ failures = [] }) => failures) };
}

function journeyFiles(): readonly string[] {
  return globSync('test/vscode/ui/*.test.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/')).sort();
}

/** Runs a suite in a process of its own, so that whatever it does to its process can't reach the others or the count. */
function runSuite(name: string, options: ProgramOptions = {}): Promise<Counts> {
  return runProgram(name, [fileURLToPath(import.meta.url), '--suite', name], options);
}

interface ProgramOptions {
  /** What it writes is printed when it has ended, because others run beside it. */
  readonly together?: boolean;
}

/** Runs what sends its counts when its last test has ended. */
async function runProgram(name: string, args: readonly string[], { together = false }: ProgramOptions = {}): Promise<Counts> {
  // Beside others it has a home of its own, as the list of this machine's projects is in it.
  const { SLUICE_HOME: _shared, ...ownHome } = process.env;
  const child = together ? startNode(args, ['inherit', 'pipe', 'pipe', 'ipc'], ownHome) : startNode(args, ['inherit', 'inherit', 'inherit', 'ipc']);
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => written.push(chunk));
  let counts: Counts | undefined;
  let stopped: string | undefined;
  const stop = (reason: string): void => {
    stopped = reason;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(() => {
    stop(`did not end within ${suiteLimitMs / 60_000} minutes`);
  }, suiteLimitMs);
  child.once('message', (message) => {
    counts = message as Counts;
    clearTimeout(timer);
    timer = setTimeout(() => {
      stop(`kept its process alive for ${leftOpenLimitMs / 1000} s after its last test: something was left open`);
    }, leftOpenLimitMs);
  });
  const end = await ended(child);
  clearTimeout(timer);
  process.stdout.write(Buffer.concat(written));

  if (counts === undefined) {
    console.error(`${name}: ${stopped ?? `ended (${end}) before its tests did`}`);
    return oneFailed;
  }
  if (counts.passed + counts.failed === 0) {
    console.error(`${name}: no test ran`);
    return { ...counts, failed: 1 };
  }
  if (stopped !== undefined || (end !== 0 && counts.failed === 0)) {
    console.error(`${name}: ${stopped ?? `its process ended with ${end} after the last test`}`);
    return { ...counts, failed: counts.failed + 1 };
  }
  return counts;
}

/** The other side of `runSuite`, in the process that it starts. */
async function runSuiteHere(name: string): Promise<void> {
  const { files = [], except = [], jobs = 1 } = suites[name] ?? {};
  const isParallel = jobs > 1;
  const mocha = new Mocha({ ...mochaOptions(), reporter: 'spec', color: process.stdout.isTTY, parallel: isParallel, jobs });
  const found = new Set(files.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: [...except] }).sort()));
  for (const file of found) mocha.addFile(path.join(root, file));
  // In parallel, each process loads its own.
  if (!isParallel) await mocha.loadFilesAsync();
  const failures: string[] = [];
  const runner = mocha.run((failed) => {
    process.exitCode = failed > 0 ? 1 : 0;
    const { passes = 0, pending = 0 } = runner.stats ?? {};
    // `failed` counts failed hooks too, which end tests that are then counted nowhere.
    process.send?.({ passed: passes, failed, skipped: pending, failures } satisfies Counts, () => {
      process.disconnect();
    });
  });
  runner.on('fail', (test, error: unknown) => {
    failures.push(`${test.fullTitle()}\n  ${messageOf(error)}`);
  });
}

/** An error that comes from another process has lost its class. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** `.mocharc.json`, which the mocha command reads too, with the names that mocha's constructor expects. */
function mochaOptions(): Mocha.MochaOptions {
  const options = JSON.parse(readFileSync(path.join(root, '.mocharc.json'), 'utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()), value]),
  );
}

function startNode(args: readonly string[], stdio: 'inherit' | ['inherit', 'inherit' | 'pipe', 'inherit' | 'pipe', 'ipc'], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn(process.execPath, args, { cwd: root, stdio, env });
}

/** The exit code, or the signal or error that ended it. */
function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      const end = code ?? signal ?? 'no exit code';
      // What it sent last may still be on its way; the channel closes behind it.
      if (child.connected) child.once('disconnect', () => resolve(end));
      else resolve(end);
    });
  });
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--suite') {
  await runSuiteHere(rest.join(' '));
} else {
  process.exitCode = await main(process.argv.slice(2));
}
