import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { ownerKeyBytes, ownerKeyName, userFolder } from '../../schemas/protocol/owner-mark.ts';
import { messageOfError, systemCodeOf } from '../../schemas/protocol/system-error.ts';

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

  /** Undefined where this user has none yet. @throws Error where it is there and can't be used */
  static read(env: NodeJS.ProcessEnv = process.env): OwnerKey | undefined {
    const file = fileIn(env);
    let descriptor: number;
    try {
      descriptor = openSync(file, keyFlags);
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
      throw unusable(file, messageOfError(error), error);
    }
    try {
      const stats = fstatSync(descriptor);
      const uid = process.getuid?.();
      if (!stats.isFile()) throw unusable(file, 'it is no file');
      if (uid !== undefined && stats.uid !== uid) throw unusable(file, 'it belongs to another user');
      if (uid !== undefined && (stats.mode & 0o077) !== 0) throw unusable(file, `others can read it: run \`chmod 600 ${file}\``);
      const key = Buffer.alloc(ownerKeyBytes + 1);
      if (readSync(descriptor, key, 0, key.length, 0) !== ownerKeyBytes) throw unusable(file, `it doesn't have ${ownerKeyBytes} bytes: remove it, and a new one is made`);
      return new OwnerKey(key.subarray(0, ownerKeyBytes));
    } finally {
      closeSync(descriptor);
    }
  }

  /** Made where there is none. @throws Error where it can't be made or used */
  static readOrMake(env: NodeJS.ProcessEnv = process.env): OwnerKey {
    const found = OwnerKey.read(env);
    if (found !== undefined) return found;
    make(fileIn(env));
    const made = OwnerKey.read(env);
    if (made === undefined) throw unusable(fileIn(env), 'it is gone as soon as it is made');
    return made;
  }

  /** HMAC-SHA-256, in hex. */
  sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex');
  }

  verify(text: string, proof: string): boolean {
    const right = Buffer.from(this.sign(text));
    const given = Buffer.from(proof);
    return given.length === right.length && timingSafeEqual(given, right);
  }
}

function fileIn(env: NodeJS.ProcessEnv): string {
  return path.resolve(userFolder({ env, platform: process.platform, home: homedir() }), ownerKeyName);
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
