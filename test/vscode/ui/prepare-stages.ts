import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { installHost } from '../host/install.ts';
import { root } from '../host/root.ts';

/** Pictures, and what there is to look at when a test has failed. */
export const artefacts = path.join(root, 'test', '.artefacts', 'ui');

/**
 * What all stages share: an installed VS Code, a folder for pictures without those of before, and the package, as `npm run package` makes it, which is the answer. Once:
 * it builds `dist/` anew. `npm test`, whose stages are in several processes, does it before them, and hands the answer on in `SLUICE_TEST_VSIX`.
 */
export function prepareStages(): Promise<string> {
  prepared ??= prepare();
  return prepared;
}

let prepared: Promise<string> | undefined;

async function prepare(): Promise<string> {
  await installHost();
  await rm(artefacts, { recursive: true, force: true });
  await mkdir(artefacts, { recursive: true });
  const vsix = path.join(root, 'test', '.artefacts', 'sluice.vsix');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await promisify(execFile)(npm, ['run', '--silent', 'package', '--', '--out', vsix], { cwd: root, shell: process.platform === 'win32', maxBuffer: 64 * 1024 * 1024 });
  return vsix;
}
