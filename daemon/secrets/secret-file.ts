import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import { parseEnv } from 'node:util';

/** Opening a FIFO would stop the daemon until somebody writes to it; Windows knows no such flag. */
const readOnly = constants.O_RDONLY | ('O_NONBLOCK' in constants ? constants.O_NONBLOCK : 0);
/** Larger files are refused, in bytes: this one holds a few dozen lines. */
const maxFileBytes = 1_048_576;

export type SecretFileContent =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string };

/**
 * A file of `NAME=value` lines (as of `.env`, read by Node's own `parseEnv`), which must be readable by its owner
 * alone. Read again when it changes; one `stat` tells. A missing file holds nothing.
 */
export class SecretFile {
  readonly path: string;
  #version = '';
  #content: SecretFileContent = { ok: true, values: {} };

  constructor(path: string) {
    this.path = path;
  }

  /** What the file holds now; the same object as long as it hasn't changed. */
  read(): SecretFileContent {
    const stats = statSync(this.path, { throwIfNoEntry: false });
    // The change time as well: a restored modification time or a new mode doesn't go unseen.
    const version = stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    if (version !== this.#version) {
      this.#content = stats === undefined ? { ok: true, values: {} } : this.#load();
      this.#version = version;
    }
    return this.#content;
  }

  /** Everything is asked of the opened file, so that what is checked is what is read. */
  #load(): SecretFileContent {
    let file: number | undefined;
    try {
      file = openSync(this.path, readOnly);
      const complaint = this.#complaint(fstatSync(file));
      return complaint === undefined ? { ok: true, values: readValues(readFileSync(file, 'utf8')) } : { ok: false, message: complaint };
    } catch (error) {
      return { ok: false, message: `${this.path} can't be read: ${error instanceof Error ? error.message : String(error)}.` };
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  #complaint(stats: Stats): string | undefined {
    if (!stats.isFile()) return `${this.path} is not a file.`;
    if (stats.size > maxFileBytes) return `${this.path} is larger than ${maxFileBytes} bytes.`;
    // Windows has no such bits; there the folder's access list protects the file.
    if (process.platform === 'win32' || (stats.mode & 0o077) === 0) return undefined;
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return `${this.path} can be read by others (mode ${mode}), so nothing is read from it: run \`chmod 600 ${this.path}\`.`;
  }
}

function readValues(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) if (value !== undefined && value !== '') values[name] = value;
  return values;
}
