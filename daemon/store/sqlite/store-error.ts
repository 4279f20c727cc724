import { CodedError } from '../../../schemas/protocol/error.ts';

/** SQLite's primary result codes that say that the disk, not the statement, is at fault. */
const unavailableCodes: Readonly<Record<number, string>> = {
  5: 'is locked by another program',
  6: 'is locked',
  8: 'is read-only',
  10: 'met a disk error',
  11: 'is damaged',
  13: "can't grow: the disk is full",
  14: "can't be opened",
  26: 'is no database',
};

/** `store-unavailable` where SQLite says that its file can't be used just now; else the error as it is. */
export function codedStoreError(error: unknown): unknown {
  const code = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
  const reason = code === undefined ? undefined : unavailableCodes[code];
  if (reason === undefined || !(error instanceof Error)) return error;
  return new CodedError('store-unavailable', `The store ${reason} (${error.message}).`);
}
