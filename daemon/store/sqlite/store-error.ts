import { CodedError } from '../../../schemas/protocol/error.ts';
import { message, type Message, sentences } from '../../../schemas/wording/message.ts';

/** SQLite's primary result codes that say that the disk, not the statement, is at fault. `problem`: what SQLite itself says. */
const unavailable: Readonly<Record<number, (problem: string) => Message>> = {
  5: (problem) => message('The store is locked by another program ({problem}).', { problem }),
  6: (problem) => message('The store is locked ({problem}).', { problem }),
  8: (problem) => message('The store is read-only ({problem}).', { problem }),
  10: (problem) => message('The store met a disk error ({problem}).', { problem }),
  11: (problem) => message('The store is damaged ({problem}).', { problem }),
  13: (problem) => message("The store can't grow: the disk is full ({problem}).", { problem }),
  14: (problem) => message("The store can't be opened ({problem}).", { problem }),
  26: (problem) => message('The store is not a database ({problem}).', { problem }),
};

const withoutIndex = (problem: string): Message => message('The store has no room for the index of its log: the disk is full ({problem}).', { problem });

/** Those of SQLite's extended result codes that it has for a disk without room, or a quota or limit that is used up: FULL, and IOERR of WRITE, FSYNC, TRUNCATE, SHMOPEN, SHMSIZE. */
const noRoomCodes: readonly unknown[] = [13, 778, 1034, 1546, 4618, 4874];

/** Damaged, or something else altogether. */
const beyondUse: readonly (number | undefined)[] = [11, 26];

/** `store-unavailable` where SQLite says that its file can't be used just now; else the error as it is. */
export function codedStoreError(error: unknown): unknown {
  const code = primaryCode(error);
  const told = isWithoutIndex(error) ? withoutIndex : code === undefined ? undefined : unavailable[code];
  if (told === undefined || !(error instanceof Error)) return error;
  return new CodedError('store-unavailable', told(error.message), hasNoRoom(error) ? { noRoom: true } : {});
}

/** The same, of a store that is being opened: it names the file, and what to do about one that is beyond use. */
export function codedOpenError(error: unknown, file: string): unknown {
  const coded = codedStoreError(error);
  if (!(coded instanceof CodedError) || coded === error) return coded;
  const remedy = message(
    '`sluice state salvage` saves what can be read of it. Or put a backup in its place and run `sluice state adopt --without-logs`, which moves the logs of the damaged one away, or begin with an empty store after `sluice state set-aside`.',
  );
  const isBeyondUse = beyondUse.includes(primaryCode(error));
  return new CodedError(coded.code, sentences(coded.told, message('Its file {file} was left as it is.', { file }), isBeyondUse ? remedy : undefined), coded.data);
}

/** SQLite's code for an index of the log, in a file of its own, that can't get its size. */
function isWithoutIndex(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 4874;
}

/** Whether SQLite says that the disk, or a limit, has no room. */
export function hasNoRoom(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && noRoomCodes.includes(error.errcode);
}

/** Whether SQLite can't read a part of the file. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && [10, 11, 26].includes(code);
}

function primaryCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
