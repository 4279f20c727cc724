import { isJsonObject } from '../workflow/json.ts';

/** How to reach a project's daemon: what `.sluice/state/daemon.json` holds, as `docs/protocol.md` has it ("Finding the daemon"). */
export interface Discovery {
  readonly pid: number;
  readonly port: number;
  /** Anyone who has it can do everything that the daemon can do. */
  readonly token: string;
  readonly version: string;
}

/** Largest `daemon.json` that is read, in bytes. */
export const maxDiscoveryBytes = 16 * 1024;

/** Why a `daemon.json` must not be used. Quotes nothing of the file. */
export type DiscoveryProblem =
  /** The system refused to open or read it; `errno` as in `ELOOP`. */
  | { readonly code: 'unreadable'; readonly errno: string }
  | { readonly code: 'not-a-file' | 'other-user' | 'too-large' }
  /** Others can read or write it, and it holds the token. `mode`: as POSIX has it. */
  | { readonly code: 'open-to-others'; readonly mode: number }
  | { readonly code: 'invalid'; readonly part: 'json' | 'pid' | 'port' | 'token' | 'version' }
  /** It was not written by a daemon that this user has started in this folder: it came with the folder, or is of a copy. */
  | { readonly code: 'unproven' };

/**
 * `proof` shows that this user's daemon wrote the file for this folder: it has to be the HMAC of `discoveryProofText` under the owner's key. A
 * file that came with a repository belongs to this user as well, and would send the token, and all payloads, to a stranger.
 */
export type ParsedDiscovery = { readonly ok: true; readonly discovery: Discovery; readonly proof: string } | { readonly ok: false; readonly problem: DiscoveryProblem };

/** What the file's text says. */
export function parseDiscovery(text: string): ParsedDiscovery {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid('json');
  }
  if (!isJsonObject(value)) return invalid('json');
  const { pid, port, token, version, proof } = value;
  if (!isIntegerIn(pid, 1, 2 ** 31)) return invalid('pid');
  if (!isIntegerIn(port, 1, 65_535)) return invalid('port');
  // It becomes a header, in which a line break would begin another one.
  if (typeof token !== 'string' || !/^[\x21-\x7e]{16,512}$/.test(token)) return invalid('token');
  if (typeof version !== 'string' || version.length > 100) return invalid('version');
  return { ok: true, discovery: { pid, port, token, version }, proof: typeof proof === 'string' ? proof : '' };
}

/**
 * Why the file must not be used, by its mode and its owner as POSIX has them: what others can read, or could have written, is not a secret of
 * this user's daemon. Undefined if it may be used, and on Windows, which has neither: `ownUid` is undefined there.
 */
export function unsafeDiscovery({ mode, uid }: { readonly mode: number; readonly uid: number }, ownUid: number | undefined): DiscoveryProblem | undefined {
  if (ownUid === undefined) return undefined;
  if ((mode & 0o170000) !== 0o100000) return { code: 'not-a-file' };
  if (uid !== ownUid) return { code: 'other-user' };
  return (mode & 0o077) === 0 ? undefined : { code: 'open-to-others', mode: mode & 0o777 };
}

function invalid(part: 'json' | 'pid' | 'port' | 'token' | 'version'): { readonly ok: false; readonly problem: DiscoveryProblem } {
  return { ok: false, problem: { code: 'invalid', part } };
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** What a daemon and its clients agree on for each connection. `docs/protocol.md` lists it under "Limits". */

/** One message to the daemon, in bytes of UTF-8; a larger one ends the connection with 1009. */
export const maxRequestBytes = 1024 * 1024;

/** The daemon pings each of its clients this often, in milliseconds. A client that has heard nothing four times as long takes the connection for lost. */
export const pingEveryMs = 15_000;
