import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** Removes a temporary folder, and ends the daemons of the projects in it. Its name has to be like no other. */
export async function removeWithProcesses(folder: string): Promise<void> {
  for (const pid of await daemonsIn(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

async function daemonsIn(folder: string): Promise<number[]> {
  if (process.platform === 'win32') return [];
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,args='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter((line) => line.includes(`--project ${folder}${path.sep}`))
    .map((line) => Number.parseInt(line, 10));
}
