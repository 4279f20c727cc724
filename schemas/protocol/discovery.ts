import { isJsonObject } from '../workflow/json.ts';

/** How to reach a project's daemon: what `.sluice/state/daemon.json` holds, as `docs/protocol.md` has it ("Finding the daemon"). */
export interface Discovery {
  readonly pid: number;
  readonly port: number;
  /** Whoever has it can do everything that the daemon can do. */
  readonly token: string;
  readonly version: string;
}

/** Largest `daemon.json` that is read, in bytes. */
export const maxDiscoveryBytes = 16 * 1024;

/** Why a file without the right proof isn't used. */
export const unprovenDiscovery = "daemon.json wasn't written by a daemon that this user has started in this folder";

/**
 * `proof` shows that this user's daemon wrote the file for this folder: it has to be the HMAC of `discoveryProofText` under the owner's key. A
 * file that came with a repository belongs to this user as well, and would send the token, and all payloads, to a stranger.
 */
export type ParsedDiscovery = { readonly ok: true; readonly discovery: Discovery; readonly proof: string } | { readonly ok: false; readonly reason: string };

/** What the file's text says. `reason` is for a person, and doesn't quote the file. */
export function parseDiscovery(text: string): ParsedDiscovery {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('daemon.json is no JSON, or only half written');
  }
  if (!isJsonObject(value)) return refused('daemon.json is no object');
  const { pid, port, token, version, proof } = value;
  if (!isIntegerIn(pid, 1, 2 ** 31)) return refused('the pid in daemon.json is none');
  if (!isIntegerIn(port, 1, 65_535)) return refused('the port in daemon.json is none');
  // It becomes a header, in which a line break would begin another one.
  if (typeof token !== 'string' || !/^[\x21-\x7e]{16,512}$/.test(token)) return refused('the token in daemon.json is none');
  if (typeof version !== 'string' || version.length > 100) return refused('the version in daemon.json is none');
  return { ok: true, discovery: { pid, port, token, version }, proof: typeof proof === 'string' ? proof : '' };
}

/**
 * Why the file must not be used, by its mode and its owner as POSIX has them: what others can read, or could have written, is no secret of
 * this user's daemon. Undefined where it may be, and on Windows, which has neither: `ownUid` is undefined there.
 */
export function unsafeDiscovery({ mode, uid }: { readonly mode: number; readonly uid: number }, ownUid: number | undefined): string | undefined {
  if (ownUid === undefined) return undefined;
  if ((mode & 0o170000) !== 0o100000) return 'daemon.json is no file';
  if (uid !== ownUid) return 'daemon.json belongs to another user';
  if ((mode & 0o077) === 0) return undefined;
  return `others can read daemon.json (mode ${(mode & 0o777).toString(8)}), which holds the key to the daemon: run \`chmod 600\` on it, and restart the daemon for a new one`;
}

function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
