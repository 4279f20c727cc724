import { runTests } from '@vscode/test-electron';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { removeWithProcesses } from './leftovers.ts';
import { root } from './root.ts';
import { bundleSuite } from './suite-bundle.ts';
import { readReport, type Counts } from './suite-report.ts';
import { testWindows, type TestWindow } from './test-windows.ts';

export interface RunSuitesOptions {
  /** Names of windows; all where it is empty. */
  readonly only: readonly string[];
  /** Tests whose names hold it. */
  readonly grep?: string | undefined;
}

/**
 * Runs mocha in the extension host of one window after the other, by `@vscode/test-electron`. The VS Code is a server and a page, or, where
 * `SLUICE_VSCODE` names a version such as `stable` or `1.106.0`, that one, downloaded.
 */
export async function runSuites({ only, grep }: RunSuitesOptions): Promise<Counts> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const window of testWindows) {
    if (only.length > 0 && !only.includes(window.name)) continue;
    console.log(`\n  in the window "${window.name}"`);
    const startedAtMs = performance.now();
    const { passed, failed, skipped } = await runSuite(window, grep);
    console.log(`  ${passed} passed, ${failed} failed, ${skipped} skipped in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** `env`: what else its tests are told. */
export async function runSuite(window: TestWindow, grep: string | undefined, env: Readonly<Record<string, string>> = {}): Promise<Counts> {
  const version = process.env['SLUICE_VSCODE'];
  // It always trusts what it opens.
  if (version !== undefined && !window.isTrusted) return { passed: 0, failed: 0, skipped: 1 };
  const artefacts = path.join(root, 'test', '.artefacts', 'vscode', window.name);
  await rm(artefacts, { recursive: true, force: true });
  await mkdir(artefacts, { recursive: true });
  const report = path.join(artefacts, 'report.txt');
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-window-')));
  try {
    const opened = await writeFiles(folder, window);
    const code = await runTests({
      ...(version === undefined ? { vscodeExecutablePath: path.join(import.meta.dirname, 'code-program.ts') } : { version }),
      extensionDevelopmentPath: root,
      extensionTestsPath: await bundleSuite(window.name),
      extensionTestsEnv: {
        ...env,
        SLUICE_TEST_REPORT: report,
        SLUICE_TEST_GREP: grep,
        SLUICE_TEST_FOLDER: folder,
        SLUICE_TEST_ARTEFACTS: artefacts,
        SLUICE_TEST_RESTRICTED: window.isTrusted ? undefined : 'yes',
      },
      launchArgs: [opened, '--disable-extensions'],
      stdout: silent(),
      stderr: process.stderr,
    }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    return await judge(window.name, report, code);
  } finally {
    await removeWithProcesses(folder);
  }
}

/** Answers with what is to be opened. */
async function writeFiles(folder: string, { opens, files }: TestWindow): Promise<string> {
  const project = path.join(folder, 'shop');
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(project, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  if (opens === 'folder') return project;
  const workspace = path.join(folder, 'tests.code-workspace');
  await writeFile(workspace, JSON.stringify({ folders: [{ path: 'shop' }] }));
  return workspace;
}

/** A run that died or in which no test ran is not success. */
async function judge(name: string, reportFile: string, code: number | string): Promise<Counts> {
  const { text, counts } = await readReport(reportFile);
  console.log(text.trimEnd());
  if (counts === undefined) {
    console.error(`${name}: the tests did not reach their end (${code})`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  if (counts.passed + counts.failed === 0) {
    console.error(`${name}: no test ran`);
    return { ...counts, failed: 1 };
  }
  if (code !== 0 && counts.failed === 0) {
    console.error(`${name}: VS Code ended with ${code} after the last test`);
    return { ...counts, failed: 1 };
  }
  return counts;
}

/** VS Code's own log; what counts is in the report. */
function silent(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
