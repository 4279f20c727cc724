import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { HttpSink } from '../support/http-sink.ts';
import { root } from '../vscode/host/root.ts';
import { runSuite } from '../vscode/host/run-suites.ts';
import { figuresWindow } from '../vscode/host/test-windows.ts';
import type { Bench } from './figure.ts';

/** The extension in a real VS Code: what it costs to have it, and what a busy daemon costs the window. Needs Chromium. */
export const extension: Bench = async ({ progress }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-bench-'));
  // In this process, so that it isn't counted with the extension host.
  const sink = new HttpSink({ keepBodies: false });
  try {
    const vsix = path.join(folder, 'sluice.vsix');
    await promisify(execFile)('npm', ['run', '--silent', 'package', '--', '--out', vsix], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
    progress('packaged');
    const { url } = await sink.start();
    const file = path.join(folder, 'figures.json');
    const { failed } = await runSuite(figuresWindow, undefined, { SLUICE_TEST_FIGURES: file, SLUICE_TEST_URL: url });
    if (failed > 0) throw new Error('the figures could not be taken in VS Code');
    const { activationMs = NaN, firstTreeMs = NaN, changesPerSecond = NaN, messagesPerSecond = NaN, corePercent = NaN } = JSON.parse(await readFile(file, 'utf8')) as Readonly<Record<string, number>>;
    const rate = `at ${changesPerSecond.toFixed(0)} job changes a second`;
    return [
      { what: 'activation, our own code', value: activationMs, unit: 'ms', target: { atMost: 50 } },
      { what: 'first tree, from the connection to the daemon', value: firstTreeMs, unit: 'ms', target: { atMost: 300 } },
      { what: 'messages from the daemon to a window', value: messagesPerSecond, unit: '/s', target: { atMost: 5 }, note: rate },
      { what: 'extension host, of a core', value: corePercent, unit: '%', target: { atMost: 5 }, note: `${rate}; all of its process, with VS Code's own extensions` },
      { what: 'size of the package', value: (await stat(vsix)).size / 1e6, unit: 'MB' },
    ];
  } finally {
    await sink.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
