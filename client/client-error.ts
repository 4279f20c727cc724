import type { DiscoveryProblem } from '../schemas/protocol/discovery.ts';
import { CodedError, type ErrorCode } from '../schemas/protocol/error.ts';
import type { StateFolderProblem } from '../schemas/protocol/state-folder.ts';

/** How a daemon's process ended, or why it never began. */
export type DaemonEnd = { readonly kind: 'code'; readonly code: number } | { readonly kind: 'signal'; readonly signal: string } | { readonly kind: 'not-spawned'; readonly problem: string };

/** On whose state a daemon would not start: that of somebody else, or that of a folder in which this user has started none yet. */
export type StartRefusal = 'foreign' | 'unknown';

/** What a client meets that no daemon has said. Anyone who shows it puts it into words. `output`: the last lines of the daemon, in its own words. */
export type ClientFault =
  | { readonly kind: 'no-project'; readonly folder: string }
  /** It was deleted, renamed or moved. */
  | { readonly kind: 'folder-gone'; readonly folder: string }
  /** None may be started: nobody has said that the folder is trusted. */
  | { readonly kind: 'untrusted' }
  | { readonly kind: 'not-running' }
  /** The connection was closed by the one that had it. */
  | { readonly kind: 'disposed' }
  /** A process is there, and doesn't answer in time. */
  | { readonly kind: 'silent'; readonly pid: number }
  /** It answers that it has no room for another client, or that it is stopping. */
  | { readonly kind: 'busy'; readonly pid: number }
  /** A daemon has the project, and its `daemon.json` must not be used. `holder`: its pid, if that is known. */
  | { readonly kind: 'unusable'; readonly problem: DiscoveryProblem; readonly holder?: number | undefined; readonly file: string }
  | { readonly kind: 'incompatible'; readonly version: string; readonly behind: 'daemon' | 'client' }
  | { readonly kind: 'state-folder'; readonly problem: StateFolderProblem }
  | { readonly kind: 'state-folder-unwritable'; readonly folder: string; readonly problem: string }
  | { readonly kind: 'start-refused'; readonly refusal: StartRefusal; readonly folder: string; readonly output: string }
  | { readonly kind: 'start-failed'; readonly end: DaemonEnd; readonly folder: string; readonly output: string }
  | { readonly kind: 'start-timeout'; readonly limitMs: number; readonly folder: string; readonly output: string }
  /** Another daemon had the project all the time, and was neither ready nor gone by the end of it. */
  | { readonly kind: 'locked-out'; readonly limitMs: number; readonly output: string }
  | { readonly kind: 'stop-timeout'; readonly limitMs: number; readonly pid: number }
  | { readonly kind: 'request-too-large'; readonly bytes: number; readonly maxBytes: number }
  /** The connection ended before the answer came: the request may or may not have been carried out. */
  | { readonly kind: 'lost'; readonly method: string }
  /** A small document of the project that isn't valid, and that people have to correct. `file`: absolute; `problem`: the rest of a sentence that begins with it. */
  | { readonly kind: 'bad-document'; readonly file: string; readonly problem?: string }
  | { readonly kind: 'broken'; readonly method: string; readonly problem: string };

/** A coded error that the client itself throws. Its `message` is for a log; `fault` says what there is to say. */
export class ClientError extends CodedError {
  readonly fault: ClientFault;

  constructor(fault: ClientFault) {
    super(codeOf(fault), `client: ${JSON.stringify(fault)}`);
    this.fault = fault;
  }
}

function codeOf(fault: ClientFault): ErrorCode {
  switch (fault.kind) {
    case 'no-project':
    case 'folder-gone':
    case 'state-folder-unwritable':
    case 'bad-document':
      return 'bad-project';
    case 'request-too-large':
      return 'too-large';
    case 'state-folder':
    case 'start-refused':
      return 'foreign-state';
    case 'stop-timeout':
      return 'wrong-state';
    case 'untrusted':
    case 'not-running':
    case 'disposed':
    case 'silent':
    case 'busy':
    case 'unusable':
    case 'incompatible':
    case 'start-failed':
    case 'start-timeout':
    case 'locked-out':
    case 'lost':
    case 'broken':
      return 'unreachable';
  }
}
