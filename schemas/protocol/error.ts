import { english } from '../wording/language.ts';
import { type Message, verbatim } from '../wording/message.ts';
import type { Json } from '../workflow/json.ts';

/**
 * Every error that a client can meet. The number is JSON-RPC's `error.code`; the word is in `error.data.code`, and is what
 * programs should look at.
 */
export const errorCodes = {
  'parse-error': { number: -32700, meaning: 'The message is not JSON.' },
  'invalid-request': { number: -32600, meaning: 'The message is not a JSON-RPC request.' },
  'unknown-method': { number: -32601, meaning: 'There is no such method.' },
  'invalid-params': { number: -32602, meaning: 'A parameter is missing, unknown, or of the wrong type.' },
  internal: { number: -32603, meaning: 'A bug in Sluice. The log has the details.' },
  'not-found': { number: 1, meaning: 'There is no workflow, run, job or queue of that name.' },
  'invalid-workflow': { number: 2, meaning: 'The workflow, or a file that it needs, has errors; `diagnostics` lists them.' },
  'invalid-inputs': { number: 3, meaning: "The inputs don't fit the workflow's schema." },
  'wrong-state': { number: 4, meaning: "The request is not possible in the present state." },
  'queue-full': { number: 5, meaning: 'The queue has reached its `max-depth`.' },
  'store-unavailable': { number: 6, meaning: "The store can't be written. Nothing was accepted; the daemon continues by itself when it can." },
  stopping: { number: 7, meaning: 'The daemon is stopping.' },
  'too-large': { number: 8, meaning: 'Something is larger than the limit.' },
  'bad-project': { number: 9, meaning: 'There is no project, or its files cannot be read.' },
  unreachable: { number: 10, meaning: 'No daemon could be reached or started.' },
  'too-many': { number: 11, meaning: 'One connection has more requests or subscriptions than allowed.' },
  conflict: { number: 12, meaning: 'Somebody else has changed it since it was read. Nothing was changed.' },
  'foreign-state': { number: 13, meaning: "The state in `.sluice/state/` was made by another user or in another place, is not safe to use, or this user has run no daemon there yet." },
  'run-skipped': { number: 14, meaning: '`concurrency` of the workflow skips runs while others are active. Nothing was started; `runs` names some of the active ones.' },
} as const satisfies Record<string, { readonly number: number; readonly meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * An expected failure, told to a person: what was wrong, where, and what would be right. `message` says it in English, for the command, the log and programs.
 * A text that is given as a string is in English for everybody.
 */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, Json>>;
  /** The same as `message`, for a reader of another language. */
  readonly wording: Message | undefined;

  constructor(code: ErrorCode, told: string | Message, data: Readonly<Record<string, Json>> = {}) {
    super(typeof told === 'string' ? told : english.textOf(told));
    this.code = code;
    this.data = data;
    this.wording = typeof told === 'string' ? undefined : told;
  }

  /** To be told within another message. */
  get told(): Message {
    return this.wording ?? verbatim(this.message);
  }
}

/** The code of an error of the system, such as `ENOENT`. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** To be told within another message, or stored. */
export function toldOfError(error: unknown): Message {
  return error instanceof CodedError ? error.told : verbatim(messageOfError(error));
}

export function messageOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The disk is full, or this user's share of it. */
export function isOutOfRoom(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
