import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const folder = import.meta.dirname;
/** The VS Code server inside the package, which has packages of its own. */
export const serverFolder = path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
const stampFile = path.join(folder, 'node_modules', '.installed');
const limitMs = 10 * 60_000;

/**
 * Installs the VS Code server into this folder, unless the one that the lock file names is there. It takes half a minute and 600 MB.
 *
 * @throws Error with what npm wrote
 */
export async function installHost(): Promise<void> {
  const stamp = createHash('sha256').update(await readFile(path.join(folder, 'package-lock.json'))).digest('hex');
  if ((await readFile(stampFile, 'utf8').catch(() => undefined)) === stamp) return;
  console.log('Installing a VS Code to test in; this is done once.');
  // Its own script refuses other Nodes than its own, and does nothing that is needed here but the second line.
  await npm(folder, 'ci');
  await npm(serverFolder, 'install', '--omit=dev', '--no-save');
  // Written last: what was broken off is done again.
  await writeFile(stampFile, stamp);
}

async function npm(cwd: string, ...args: string[]): Promise<void> {
  const isWindows = process.platform === 'win32';
  await promisify(execFile)(isWindows ? 'npm.cmd' : 'npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, shell: isWindows, timeout: limitMs });
}
