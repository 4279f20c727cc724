/**
 * What this machine lacks, so that an attempt can't be made. `resources`: descriptors, memory, ports; fewer attempts at a time need less of them.
 * `network`: there is no way to anywhere, or no names are resolved; attempts of other queues may be no better off.
 */
export type MachineTrouble = 'resources' | 'network';

const resourceCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EAGAIN', 'EADDRNOTAVAIL', 'EAI_MEMORY', 'EAI_SYSTEM']);
const networkCodes: ReadonlySet<string> = new Set(['ENETDOWN', 'ENETUNREACH', 'EAI_AGAIN']);
/** These are the receiver's fault, or the address's, unless this machine has no network at all. */
const offlineCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EHOSTUNREACH', 'EHOSTDOWN', 'EAI_FAIL', 'EAI_NODATA']);

/**
 * What the machine lacks, by the codes of an error that kept a request from leaving: one for each address that was tried. Undefined if one of
 * them isn't the machine's fault. `isOffline`: whether it has no network interface but its own.
 */
export function machineTroubleOf(codes: readonly string[], isOffline: () => boolean): MachineTrouble | undefined {
  if (codes.length === 0) return undefined;
  if (codes.some((code) => resourceCodes.has(code)) && codes.every((code) => resourceCodes.has(code) || networkCodes.has(code))) return 'resources';
  if (codes.every((code) => networkCodes.has(code))) return 'network';
  return codes.every((code) => networkCodes.has(code) || offlineCodes.has(code)) && isOffline() ? 'network' : undefined;
}

/** What that code says is missing, in words: `file descriptors`. */
export function lackOf(code: string): string {
  switch (code) {
    case 'EMFILE':
    case 'ENFILE':
      return 'file descriptors';
    case 'ENOMEM':
    case 'ENOBUFS':
    case 'EAI_MEMORY':
      return 'memory';
    case 'EADDRNOTAVAIL':
      return 'free ports';
    case 'EAI_AGAIN':
      return 'answers from its name server';
    case 'ENETDOWN':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return 'a network';
    default:
      return `what it needs (${code})`;
  }
}

/** Something can't be done because this machine lacks what it takes; `code` is the system's. */
export class MachineTroubleError extends Error {
  override readonly name = 'MachineTroubleError';
  readonly code: string;

  constructor(what: string, code: string) {
    super(`${what}: this machine has not enough ${lackOf(code)} (${code})`);
    this.code = code;
  }
}

/** Whether a file can't be opened for lack of something that this machine has again later. */
export function lacksResources(code: string | undefined): code is string {
  return code !== undefined && code !== 'EAGAIN' && resourceCodes.has(code);
}
