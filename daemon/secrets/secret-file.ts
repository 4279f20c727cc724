import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message, verbatim } from '../../schemas/wording/message.ts';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import { lacksResources } from '../core/machine-trouble.ts';
import { readRegularFileSync } from '../../platform/regular-file.ts';
import { changeSecretLines, parseSecretLines } from './secret-lines.ts';

/** Larger files are refused, in bytes: this one holds a few dozen lines. */
const maxFileBytes = 1_048_576;

export type SecretFileContent =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  /** `lacks`: the machine could not read it just now; the system's code. */
  | { readonly ok: false; readonly message: string; readonly lacks?: string };

/**
 * A file of `NAME=value` lines (see `parseSecretLines`), which must be readable by its owner
 * alone. Read again when it changes; one `stat` tells. A missing file holds nothing.
 */
export class SecretFile {
  readonly path: string;
  #version = '';
  #content: SecretFileContent = { ok: true, values: {} };

  constructor(file: string) {
    this.path = file;
  }

  /** What it held when it was last read. */
  get lastRead(): SecretFileContent {
    return this.#content;
  }

  /** What the file holds now; the same object as long as it hasn't changed. */
  read(): SecretFileContent {
    const stats = statSync(this.path, { throwIfNoEntry: false });
    // The change time as well: a restored modification time or a new mode doesn't go unseen.
    const version = stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    if (version !== this.#version) {
      const content = stats === undefined ? { ok: true as const, values: {} } : this.#load();
      // The file is as good as before: it is read when there are descriptors again.
      if (!content.ok && content.lacks !== undefined) return content;
      this.#content = content;
      this.#version = version;
    }
    return this.#content;
  }

  /**
   * Sets a value, or takes it away where it is undefined, and leaves everything else in the file as it stands. The file is replaced as a
   * whole, so that a crash leaves the old one or the new one.
   *
   * @throws CodedError `wrong-state` where the file can't be used, `invalid-params` where such a file can't hold the value
   */
  set(name: string, value: string | undefined): void {
    const content = this.read();
    if (!content.ok) throw new CodedError('wrong-state', verbatim(content.message));
    const read = readRegularFileSync(this.path, maxFileBytes);
    if (!read.ok && read.kind !== 'missing') throw new CodedError('wrong-state', verbatim(`${this.path} ${read.problem}.`));
    const text = changeSecretLines(read.ok ? read.content.toString('utf8') : '', name, value);
    if (text === undefined) {
      const told = { file: this.path, name, quotes: '\' " `' };
      throw new CodedError('invalid-params', message("{file} can't be changed without changing more of it than {name}: either the value has all kinds of quotes ({quotes}), or the file has one that is never closed. Edit it by hand.", told));
    }
    if (Buffer.byteLength(text) > maxFileBytes) throw new CodedError('too-large', message('{file} would be larger than {most} bytes.', { file: this.path, most: maxFileBytes }));
    this.#replace(text);
  }

  #replace(text: string): void {
    mkdirSync(path.dirname(this.path), { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${process.pid}.${randomBytes(6).toString('hex')}`;
    try {
      // Exclusive: a link that someone has put there beforehand is not followed.
      const file = openSync(temporary, 'wx', 0o600);
      try {
        writeFileSync(file, text);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, this.path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** The mode is that of the file that was read, so that what is checked is what is used. */
  #load(): SecretFileContent {
    const read = readRegularFileSync(this.path, maxFileBytes);
    if (!read.ok) return { ok: false, message: `${this.path} ${read.problem}.`, ...(lacksResources(read.code) ? { lacks: read.code } : {}) };
    const complaint = this.#complaint(read.stats);
    if (complaint !== undefined) return { ok: false, message: complaint };
    // Which byte it is isn't told: it may be one of a secret.
    const decoded = decodeText(read.content);
    if (!decoded.ok) return { ok: false, message: `${this.path} is not UTF-8, so nothing is read from it: save it as UTF-8.` };
    return { ok: true, values: parseSecretLines(decoded.text) };
  }

  #complaint(stats: Stats): string | undefined {
    // Windows has no such bits; there the folder's access list protects the file.
    if (process.platform === 'win32' || (stats.mode & 0o077) === 0) return undefined;
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return `${this.path} can be read by others (mode ${mode}), so nothing is read from it: run \`chmod 600 ${this.path}\`.`;
  }
}
