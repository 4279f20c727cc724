import { realpath } from 'node:fs/promises';
import type { DaemonStatus } from '../schemas/protocol/daemon-status.ts';
import type { DaemonClient } from './daemon-client.ts';
import { readDiscovery } from './discovery.ts';

export type Handshake =
  | { readonly kind: 'done'; readonly client: DaemonClient; readonly status: DaemonStatus }
  /** No daemon runs. */
  | { readonly kind: 'missing' }
  /** One ran and ended without removing its file. */
  | { readonly kind: 'dead' }
  /** A process is there but doesn't answer in time. */
  | { readonly kind: 'silent'; readonly pid: number }
  /** Its file must not be used. */
  | { readonly kind: 'refused'; readonly reason: string };

const firstAnswerMs = 5_000;

/** Finds the project's daemon by its file, connects, and has it say that it is this project's. Never rejects. */
export async function shakeHands(projectFolder: string): Promise<Handshake> {
  const read = await readDiscovery(projectFolder);
  if (read.kind !== 'found') return read.kind === 'refused' ? read : { kind: read.kind };
  const { pid } = read.discovery;
  // Here and not above, because what it brings along is most of what the extension would have to load at its start.
  const { DaemonClient } = await import('./daemon-client.ts');
  let client: DaemonClient;
  try {
    client = await DaemonClient.open(read.discovery);
  } catch (error) {
    // Refused, or answered by another program that has the port or the number now: the daemon that wrote the file is gone.
    return isTimeout(error) ? { kind: 'silent', pid } : { kind: 'dead' };
  }
  const status = await firstAnswer(client);
  if (status !== undefined && status !== 'silent' && (await isSameFolder(status.project, projectFolder))) return { kind: 'done', client, status };
  await client.close();
  // A copied project brings the file of the original along, whose daemon isn't this project's.
  return status === 'silent' ? { kind: 'silent', pid } : { kind: 'missing' };
}

async function firstAnswer(client: DaemonClient): Promise<DaemonStatus | 'silent' | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'silent'>((resolve) => {
    timer = setTimeout(() => resolve('silent'), firstAnswerMs);
  });
  try {
    return await Promise.race([client.call('daemon/status', {}), tooLate]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const [first, second] = await Promise.all([one, other].map((folder) => realpath(folder).catch(() => folder)));
  return first === second;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (/timed out/i.test(error.message) || ('code' in error && error.code === 'ETIMEDOUT'));
}
