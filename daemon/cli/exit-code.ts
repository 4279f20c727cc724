import type { ErrorCode } from '../../schemas/protocol/error.ts';

/** What the command's exit tells a script; the numbers are part of the contract. */
export const exitCodes = {
  done: 0,
  /** The run or the check failed, or what was asked could not be done. */
  failed: 1,
  /** Wrong usage: an unknown command, option, name or value. */
  usage: 2,
  /** No daemon could be reached or started. */
  unreachable: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(code: ErrorCode): ExitCode {
  switch (code) {
    case 'unreachable':
    case 'foreign-state':
      return exitCodes.unreachable;
    case 'not-found':
    case 'invalid-params':
    case 'invalid-inputs':
    case 'bad-project':
    case 'too-large':
      return exitCodes.usage;
    default:
      return exitCodes.failed;
  }
}

/** What was typed is wrong; exit 2. The message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
