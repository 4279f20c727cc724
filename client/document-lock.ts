import { mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { userFolder } from '../schemas/protocol/owner-mark.ts';
import { isBusy } from './lock-check.ts';

/** In the user's folder: one for all documents, because each is held for some milliseconds, and seldom. */
const documentLockName = 'documents.lock';
/** Between two tries, and how long somebody else may have it: after that it is a process that stands still. */
const retryMs = 10;
const patienceMs = 10_000;

/** Of this user on this machine; absolute. */
export function documentLockFile(env: NodeJS.ProcessEnv = process.env): string {
  return path.resolve(userFolder({ env, platform: process.platform, home: homedir() }), documentLockName);
}

/**
 * Carries `work` out while no other process does so with the same lock file, which stays empty: an exclusive transaction of SQLite, as of the daemon's lock
 * (docs/decisions/0010-crash-released-lock.md), so a crash leaves nothing to clean up. Where there is no such lock to be had (a host of an editor without
 * `node:sqlite`, a home that can't be written, somebody who doesn't let go for ten seconds), the work is done without it. Answers and throws as `work` does.
 */
export async function withDocumentLock<Value>(file: string, work: () => Promise<Value>): Promise<Value> {
  const release = await acquire(file);
  try {
    return await work();
  } finally {
    release?.();
  }
}

async function acquire(file: string): Promise<(() => void) | undefined> {
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await (await open(file, 'a', 0o600)).close();
    // Loaded here, because it is needed seldom, and not every host of an editor has it.
    const { DatabaseSync } = await import('node:sqlite');
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += retryMs) {
      const database = new DatabaseSync(file, { timeout: 0 });
      try {
        database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
        return () => database.close();
      } catch (error) {
        database.close();
        if (!isBusy(error)) return undefined;
      }
      await delay(retryMs);
    }
  } catch {
    // As documented: without it.
  }
  return undefined;
}
