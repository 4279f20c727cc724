import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The process of a project's daemon, as the daemon wrote it down. */
export async function pidIn(folder: string): Promise<number> {
  const discovery = JSON.parse(await readFile(path.join(folder, '.sluice', 'state', 'daemon.json'), 'utf8')) as { readonly pid: number };
  return discovery.pid;
}
