import { randomInt } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';

/** https://sqlite.org/fileformat.html#the_database_header, in bytes. */
const headerBytes = 100;
const applicationIdAt = 68;

/**
 * Tells a store's file from another one that was written over it in place, such as a backup by `cp`: the inode stays the same, and SQLite doesn't notice.
 *
 * A random number is in the header's `application_id`, and each time a checkpoint has written it into the file, the next transaction puts a new one into
 * the log. So no two states of the file have the same, and the file has either the one that was seen last, or the one that is in the log.
 */
export class HeaderStamp {
  readonly #file: string;
  /** Closing it takes SQLite's locks of the file along, as POSIX has it: it stays open for longer than the database. */
  readonly #descriptor: number;
  #inFile: Buffer;
  #next: number;
  #isInLog = false;
  #isOverwritten = false;

  /** @throws an error of the file system */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'r');
    this.#inFile = this.#read();
    this.#next = this.#newStamp();
  }

  /** Something else than this process has written the file; that stays so. @throws an error of the file system */
  look(): boolean {
    const found = this.#read();
    const stamp = stampOf(found);
    if (stamp === this.#next && this.#isInLog) {
      this.#inFile = found;
      this.#next = this.#newStamp();
      this.#isInLog = false;
    } else if (!this.#isAsSeen(found)) {
      this.#isOverwritten = true;
    }
    return this.#isOverwritten;
  }

  get isOverwritten(): boolean {
    return this.#isOverwritten;
  }

  /** To be called last in each transaction. @throws CodedError `store-unavailable` where the file is another one's */
  assertOwn(db: DatabaseSync): void {
    if (this.#isOverwritten || this.look()) throw this.error();
    if (!this.#isInLog) db.exec(`PRAGMA application_id = ${this.#next}`);
  }

  /** What `assertOwn` has written is in the log. */
  committed(): void {
    this.#isInLog = true;
  }

  error(): CodedError {
    return new CodedError('store-unavailable', message('Something else has written over {file} while the daemon has it open: nothing is written into it.', { file: this.#file }));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #isAsSeen(found: Buffer): boolean {
    // An older Sluice has written none: then the header stays as it is until the first stamp comes into the file.
    return stampOf(this.#inFile) === 0 ? found.equals(this.#inFile) : stampOf(found) === stampOf(this.#inFile);
  }

  #newStamp(): number {
    for (;;) {
      const stamp = randomInt(1, 0x7f_ff_ff_ff);
      if (stamp !== stampOf(this.#inFile)) return stamp;
    }
  }

  #read(): Buffer {
    const header = Buffer.alloc(headerBytes);
    const bytes = readSync(this.#descriptor, header, 0, headerBytes, 0);
    return header.subarray(0, bytes);
  }
}

/** 0 if there is none. */
function stampOf(header: Buffer): number {
  return header.length < headerBytes ? 0 : header.readInt32BE(applicationIdAt);
}
