import { CodedError, type ErrorCode } from '../../../schemas/protocol/error.ts';
import type { Message } from '../../../schemas/wording/message.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { Committed, LookParams } from '../store.ts';
import type { Durability } from './database.ts';
import type { ReadCall } from './reader.ts';
import type { Opening, WriteCall } from './writer.ts';

/** What a store's thread is started with. */
export interface WorkerStart {
  readonly role: 'writer' | 'reader';
  readonly file: string;
  readonly durability: Durability;
  /** See `WriterOptions`. */
  readonly linkKey?: string | undefined;
}

export type WorkerRequest = { readonly id: number } & (
  | { readonly kind: 'open'; readonly params: Opening }
  | { readonly kind: 'look'; readonly params: LookParams }
  /** Ends a look. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'write'; readonly calls: readonly WriteCall[] }
  | { readonly kind: 'read'; readonly call: ReadCall }
  | { readonly kind: 'retire'; readonly file: string }
  | { readonly kind: 'isOverwritten' }
  | { readonly kind: 'releaseMemory' }
  | { readonly kind: 'close' }
);

/** Answers of calls that came in several messages share one commit; the last of them bears it. */
export interface WorkerReply {
  readonly id: number;
  readonly answers: readonly SentAnswer[];
  readonly committed?: Committed | undefined;
}

export type SentAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: SentError };

/** Errors cross threads as data: a class doesn't survive the copy. */
export interface SentError {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly wording?: Message;
  readonly stack?: string;
  readonly data?: Readonly<Record<string, Json>>;
}

export function sentError(error: unknown): SentError {
  if (error instanceof CodedError) return { code: error.code, message: error.message, data: error.data, ...(error.wording === undefined ? {} : { wording: error.wording }) };
  if (error instanceof Error) return { message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
  return { message: String(error) };
}

export function receivedError({ code, message, wording, stack, data }: SentError): Error {
  if (code !== undefined) return new CodedError(code, wording ?? message, data);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
