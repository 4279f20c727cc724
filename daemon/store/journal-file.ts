import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Each half of the file, in bytes. */
const halfBytes = 4 * 1024 * 1024;
/** Longer texts are refused: to write them would hold up the event loop. In bytes. */
const maxEntryBytes = 256 * 1024;
/** An entry's length, the turn of its half, and a checksum over these two and the text: 32 bits each. */
const headerBytes = 12;

/** A text's place in the file. */
export interface JournalEntry {
  readonly half: JournalHalf;
}

export interface FoundEntry {
  readonly text: string;
  readonly entry: JournalEntry;
}

/**
 * A file of small texts, written and not synced, which takes microseconds: they outlive the death of the process, though not a power
 * cut.
 *
 *     | entry | entry | entry | old ones ...      | entry | old ones ...
 *     0                                           halfBytes
 *
 * The halves take turns: one is begun again when nothing in it is held.
 */
export class JournalFile {
  #found: readonly FoundEntry[];
  readonly #file: string;
  readonly #descriptor: number;
  #current: JournalHalf;
  #other: JournalHalf;

  /** @throws an error of the file system */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    const first = readHalf(this.#descriptor, 0);
    const second = readHalf(this.#descriptor, halfBytes);
    const [older, newer] = first.half.turn > second.half.turn ? [second, first] : [first, second];
    this.#found = [...older.entries, ...newer.entries];
    this.#other = older.half;
    this.#current = newer.half;
  }

  /** What stood in it when it was opened, in the order in which it was written; once, since it may be megabytes. */
  takeFound(): readonly FoundEntry[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** Undefined if there is no room just now, or where it can't be written. */
  append(text: string): JournalEntry | undefined {
    const length = Buffer.byteLength(text);
    const half = this.#halfWithRoom(headerBytes + length);
    if (half === undefined) return undefined;
    const entry = Buffer.allocUnsafe(headerBytes + length);
    entry.writeUInt32LE(length, 0);
    entry.writeUInt32LE(half.turn, 4);
    entry.write(text, headerBytes);
    entry.writeUInt32LE(checksum(entry), 8);
    try {
      if (writeSync(this.#descriptor, entry, 0, entry.length, half.start + half.length) < entry.length) return undefined;
    } catch {
      return undefined;
    }
    half.length += entry.length;
    return { half };
  }

  /** The entry has to stay. Held as often as this is called. */
  hold({ half }: JournalEntry): void {
    half.held++;
  }

  release({ half }: JournalEntry): void {
    half.held--;
  }

  /** Removes the file, unless something in it is held, or it is to be kept. */
  close({ keep = false }: { readonly keep?: boolean } = {}): void {
    // The file of that name may be another daemon's, where this one's was deleted.
    const { dev, ino } = fstatSync(this.#descriptor);
    closeSync(this.#descriptor);
    if (keep || this.#current.held + this.#other.held > 0) return;
    const found = lstatSync(this.#file, { throwIfNoEntry: false });
    if (found?.dev === dev && found.ino === ino) rmSync(this.#file, { force: true });
  }

  #halfWithRoom(bytes: number): JournalHalf | undefined {
    if (bytes > maxEntryBytes) return undefined;
    if (this.#current.length + bytes <= halfBytes) return this.#current;
    if (this.#other.held > 0) return undefined;
    [this.#current, this.#other] = [this.#other, this.#current];
    this.#current.length = 0;
    this.#current.turn = this.#other.turn + 1;
    return this.#current;
  }
}

interface JournalHalf {
  readonly start: number;
  /** Where its next entry goes, from its start. */
  length: number;
  held: number;
  /** Tells its entries from older ones that still are behind them. */
  turn: number;
}

interface ReadHalf {
  readonly half: JournalHalf;
  readonly entries: readonly FoundEntry[];
}

/** Its entries up to the first that is broken off, or of an earlier turn. */
function readHalf(descriptor: number, start: number): ReadHalf {
  const content = Buffer.alloc(halfBytes);
  const size = readSync(descriptor, content, 0, halfBytes, start);
  const half: JournalHalf = { start, length: 0, held: 0, turn: size < headerBytes ? 0 : content.readUInt32LE(4) };
  const entries: FoundEntry[] = [];
  while (half.length + headerBytes <= size) {
    const end = half.length + headerBytes + content.readUInt32LE(half.length);
    if (end > size) break;
    const entry = content.subarray(half.length, end);
    if (entry.readUInt32LE(4) !== half.turn || entry.readUInt32LE(8) !== checksum(entry)) break;
    entries.push({ text: entry.toString('utf8', headerBytes), entry: { half } });
    half.length = end;
  }
  return { half, entries };
}

function checksum(entry: Buffer): number {
  return crc32(entry.subarray(headerBytes), crc32(entry.subarray(0, 8)));
}
