import { realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonStatus } from '../schemas/protocol/daemon-status.ts';
import type { DiscoveryProblem } from '../schemas/protocol/discovery.ts';
import { systemCodeOf } from '../schemas/protocol/error.ts';
import type { DaemonClient } from './daemon-client.ts';
import { readDiscovery } from './discovery.ts';

export interface Connected {
  readonly kind: 'connected';
  readonly client: DaemonClient;
  /** As of the first answer. */
  readonly status: DaemonStatus;
}

export type ConnectAnswer =
  | Connected
  /** No daemon of this project runs. */
  | { readonly kind: 'missing' }
  /** One ran and ended without removing its file. */
  | { readonly kind: 'dead' }
  /** A process is there but doesn't answer in time. */
  | { readonly kind: 'silent'; readonly pid: number }
  /** It has no room for another client, or is stopping. */
  | { readonly kind: 'busy'; readonly pid: number }
  /** Its file must not be used. */
  | { readonly kind: 'refused'; readonly problem: DiscoveryProblem };

const firstAnswerMs = 5_000;

/** One try: finds the project's daemon by its file, connects, and has it say that it is this project's. Never rejects. */
export async function connect(projectFolder: string): Promise<ConnectAnswer> {
  const read = await readDiscovery(projectFolder);
  if (read.kind !== 'found') return read.kind === 'refused' ? read : { kind: read.kind };
  const { pid } = read.discovery;
  // Here and not above, because what it brings along is most of what the extension would have to load at its start.
  const { DaemonClient } = await import('./daemon-client.ts');
  let client: DaemonClient;
  try {
    client = await DaemonClient.open(read.discovery);
  } catch (error) {
    if (isTimeout(error)) return { kind: 'silent', pid };
    // Refused, or answered by another program that has the port or the number now: the daemon that wrote the file is gone.
    return isBusy(error) ? { kind: 'busy', pid } : { kind: 'dead' };
  }
  const status = await firstAnswer(client);
  if (typeof status === 'object' && (await isSameFolder(status.project, projectFolder))) return { kind: 'connected', client, status };
  await client.close();
  // A copied project brings the file of the original along, whose daemon isn't this project's.
  return status === 'silent' ? { kind: 'silent', pid } : { kind: 'missing' };
}

async function firstAnswer(client: DaemonClient): Promise<DaemonStatus | 'silent' | undefined> {
  const timer = new AbortController();
  const tooLate = delay(firstAnswerMs, 'silent' as const, { signal: timer.signal });
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([client.call('daemon/status', {}), tooLate]);
  } catch {
    return undefined;
  } finally {
    timer.abort();
  }
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const [first, second] = await Promise.all([one, other].map((folder) => realpath(folder).catch(() => folder)));
  return first === second;
}

/** Words of `ws`, which has no code for either. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && (/timed out/i.test(error.message) || systemCodeOf(error) === 'ETIMEDOUT');
}

/** A daemon says so only to who has its token. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && /^Unexpected server response: 503$/.test(error.message);
}

/** How the daemon's version stands to the client's. */
export type VersionFit =
  /** They understand each other and are the same, or the daemon is newer. */
  | 'fits'
  /** They understand each other, but the daemon is the older one: a restart would bring what is new. */
  | 'older'
  /** They may not understand each other; which side is behind is in the name. */
  | 'too-old'
  | 'too-new';

/**
 * Results may gain members within one major version, and within one minor version before 1.0, as semver has it. A version that can't be
 * read fits nothing.
 */
export function versionFit(daemon: string, client: string): VersionFit {
  const theirs = parse(daemon);
  const ours = parse(client);
  if (theirs === undefined || ours === undefined) return daemon === client ? 'fits' : 'too-old';
  const order = compare(theirs, ours);
  const isSameLine = theirs[0] === ours[0] && (ours[0] > 0 || theirs[1] === ours[1]);
  if (isSameLine) return order < 0 ? 'older' : 'fits';
  return order < 0 ? 'too-old' : 'too-new';
}

type Version = readonly [major: number, minor: number, patch: number];

function parse(text: string): Version | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
