import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isProofOf, ownerKeyFile, proofOf } from '../../platform/owner-proof.ts';
import { ownerKeyBytes, ownerKeyFlaw, type OwnerKeyFlaw } from '../../schemas/protocol/owner-mark.ts';
import { messageOfError, systemCodeOf } from '../../schemas/protocol/error.ts';

/** A link in its place could lead to a file that others know. Windows has neither flag. */
const keyFlags = process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * What this user's programs sign with, so that they know their own files again: 32 random bytes in `owner.key` (mode 0600), in a folder of the
 * user's that no project can bring along.
 */
export class OwnerKey {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** Undefined if this user has none yet. @throws Error where it is there and can't be used */
  static read(env: NodeJS.ProcessEnv = process.env): OwnerKey | undefined {
    const file = ownerKeyFile(env);
    let descriptor: number;
    try {
      descriptor = openSync(file, keyFlags);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
      throw unusable(file, messageOfError(error), error);
    }
    try {
      const stats = fstatSync(descriptor);
      const key = Buffer.alloc(ownerKeyBytes + 1);
      const flaw = ownerKeyFlaw({ isFile: stats.isFile(), size: stats.size, uid: stats.uid, mode: stats.mode }, process.getuid?.()) ?? (readSync(descriptor, key, 0, key.length, 0) === ownerKeyBytes ? undefined : 'wrong-size');
      if (flaw !== undefined) throw unusable(file, flawText(flaw, file));
      return new OwnerKey(key.subarray(0, ownerKeyBytes));
    } finally {
      closeSync(descriptor);
    }
  }

  /** Made if there is none. @throws Error where it can't be made or used */
  static readOrMake(env: NodeJS.ProcessEnv = process.env): OwnerKey {
    const found = OwnerKey.read(env);
    if (found !== undefined) return found;
    make(ownerKeyFile(env));
    const made = OwnerKey.read(env);
    if (made === undefined) throw unusable(ownerKeyFile(env), 'it is gone as soon as it is made');
    return made;
  }

  /** HMAC-SHA-256, in hex. */
  sign(text: string): string {
    return proofOf(text, this.#key);
  }

  verify(text: string, proof: string): boolean {
    return isProofOf(proof, text, this.#key);
  }
}

function flawText(flaw: OwnerKeyFlaw, file: string): string {
  switch (flaw) {
    case 'no-file':
      return 'it is not a file';
    case 'of-another-user':
      return 'it belongs to another user';
    case 'readable-by-others':
      return `others can read it: run \`chmod 600 ${file}\``;
    case 'wrong-size':
      return `it doesn't have ${ownerKeyBytes} bytes: remove it, and a new one is made`;
  }
}

/** As a whole or not at all: of two programs that make it at the same time, both get the same one. */
function make(file: string): void {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, randomBytes(ownerKeyBytes));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    publish(temporary, file);
  } catch (error) {
    throw new Error(`The key by which this user's state is known can't be made: ${messageOfError(error)}. The variable SLUICE_HOME can name another folder for it.`, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A link never replaces what is there. Some file systems have none. */
function publish(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') renameSync(temporary, file);
  }
}

function unusable(file: string, why: string, cause?: unknown): Error {
  return new Error(`The key by which this user's state is known, ${file}, can't be used: ${why}.`, { cause });
}
