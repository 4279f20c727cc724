import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../../platform/place-file.ts';
import { syncFolder } from '../../../platform/sync-folder.ts';
import type { OutputPlace } from './output-place.ts';

const create = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW);

/**
 * A file that is written beside its place and takes it as a whole: whoever reads the place sees the old file or the new one. It is named by the job, so that what a crash has
 * left is removed by the job's next attempt.
 */
export class ReplacementFile {
  readonly #place: OutputPlace;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #isOpen = true;
  #bytes = 0;

  private constructor(place: OutputPlace, temporary: string, handle: FileHandle) {
    this.#place = place;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** @throws what opening a file throws */
  static async open(place: OutputPlace, key: string): Promise<ReplacementFile> {
    const temporary = join(place.folder, `sluice-${createHash('sha256').update(`${key} ${place.path}`).digest('hex').slice(0, 32)}.part`);
    await rm(temporary, { force: true });
    return new ReplacementFile(place, temporary, await open(temporary, create, 0o666));
  }

  /** Written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, at, chunk.length - at, this.#bytes);
      at += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }

  /** Begins again. */
  async clear(): Promise<void> {
    await this.#handle.truncate(0);
    this.#bytes = 0;
  }

  /** Takes the place, for good: file and name are on the disk. */
  async commit(): Promise<void> {
    await this.#handle.sync();
    // An attempt that was given up must not put the beginnings of a later one in the place.
    const [written, named] = await Promise.all([this.#handle.stat({ bigint: true }), lstat(this.#temporary, { bigint: true })]);
    if (written.ino !== named.ino || written.dev !== named.dev) throw new Error('another attempt writes the file');
    if ((await realpath(this.#place.folder)) !== this.#place.folder) throw new Error('a folder on the way to it was replaced by a link');
    await this.#close();
    try {
      await replaceFile(this.#temporary, this.#place.file);
    } catch (error) {
      await rm(this.#temporary, { force: true });
      throw error;
    }
    await syncFolder(this.#place.folder);
  }

  /** Idempotent; leaves nothing. Without effect after `commit`. */
  async abandon(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#close();
    // The next attempt tries it again.
    await rm(this.#temporary, { force: true }).catch(() => {});
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    await this.#handle.close();
  }
}
