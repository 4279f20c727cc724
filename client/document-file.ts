import { Low, type Adapter } from 'lowdb';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { readRegularFile } from '../platform/regular-file.ts';
import { syncFolder } from '../platform/sync-folder.ts';
import { LossyJsonError, parseExactJson } from '../schemas/workflow/exact-json.ts';
import { ClientError } from './client-error.ts';
import { withDocumentLock } from './document-lock.ts';

/** Of a file that is read, in bytes: these are documents that a person may read. */
const maxBytes = 1024 * 1024;

export interface DocumentFileOptions<Document> {
  /** Absolute. Its folder is made if there is none, for the user alone. */
  readonly file: string;
  /** Absolute: of the lock that whoever changes the document takes, `documentLockFile()`. */
  readonly lockFile: string;
  /**
   * - `user` (default): readable to the user alone, with a copy of what was valid beside it.
   * - `project`: one of the files that people keep under version control. It is readable as those are and has no copy beside it; a damaged one is refused.
   */
  readonly belongsTo?: 'user' | 'project';
  /** Undefined if the value isn't such a document. */
  readonly parse: (value: unknown) => Document | undefined;
  /** Of a new document. */
  readonly empty: Document;
}

/**
 * A small JSON document that people may read and edit, with lowdb.
 *
 * - A write is on disk as a whole or not at all: a new file under a name of its own, synced, then renamed. Before it, a copy of what was
 *   valid is kept as `FILE.last`.
 * - A document that is damaged is read from that copy. The next write keeps the damaged one as `FILE.damaged`.
 * - One that belongs to a project has neither: somebody has edited it, or merged it, and only they can say what is right.
 * - It is read with nothing lost: a key that an object has twice, as a merge can leave it, is damage.
 * - Processes of this user change it one after the other (see `withDocumentLock`). Two users who change that of a project at the same time don't damage it, but
 *   one of the two changes may be lost.
 */
export class DocumentFile<Document> {
  readonly #low: Low<Document>;
  readonly #empty: Document;
  readonly #lockFile: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: DocumentFileOptions<Document>) {
    this.#empty = options.empty;
    this.#lockFile = options.lockFile;
    this.#low = new Low(new DurableJsonFile(options), options.empty);
  }

  /**
   * As it is on disk now; the empty one if there is none that can be read.
   * @throws ClientError `bad-document` for a damaged one of a project, the error of the file system, but for a missing file
   */
  async read(): Promise<Document> {
    return this.#inTurn(async () => {
      await this.#look();
      return this.#low.data;
    });
  }

  /** `change` answers with the new document, or with the same one if there is nothing to change. @throws as `read` */
  async update(change: (document: Document) => Document): Promise<void> {
    await this.#inTurn(() =>
      withDocumentLock(this.#lockFile, async () => {
        await this.#look();
        const changed = change(this.#low.data);
        if (changed === this.#low.data) return;
        this.#low.data = changed;
        await this.#low.write();
      }),
    );
  }

  async #look(): Promise<void> {
    // What Low has read before would stay if the file is gone by now.
    this.#low.data = this.#empty;
    await this.#low.read();
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Without the byte order mark that some editors put first. @throws TypeError for what isn't UTF-8 */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `problem`: the rest of a sentence that begins with the file's name. */
type Look<Document> = { readonly kind: 'valid'; readonly document: Document } | { readonly kind: 'damaged'; readonly problem?: string } | { readonly kind: 'missing' };

class DurableJsonFile<Document> implements Adapter<Document> {
  readonly #file: string;
  readonly #parse: (value: unknown) => Document | undefined;
  readonly #isOfProject: boolean;

  constructor({ file, parse, belongsTo = 'user' }: DocumentFileOptions<Document>) {
    this.#file = file;
    this.#parse = parse;
    this.#isOfProject = belongsTo === 'project';
  }

  async read(): Promise<Document | null> {
    const now = await this.#look(this.#file);
    if (this.#isOfProject && now.kind === 'damaged') throw new ClientError({ kind: 'bad-document', file: this.#file, ...(now.problem === undefined ? {} : { problem: now.problem }) });
    const look = now.kind === 'damaged' ? await this.#look(this.#lastGood) : now;
    return look.kind === 'valid' ? look.document : null;
  }

  async write(document: Document): Promise<void> {
    const folder = path.dirname(this.#file);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!this.#isOfProject) await this.#keepBefore();
    await replaceWith(this.#file, async (temporary) => {
      const file = await open(temporary, 'wx', this.#isOfProject ? 0o666 : 0o600);
      try {
        await file.writeFile(`${JSON.stringify(document, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    });
    await syncFolder(folder);
  }

  get #lastGood(): string {
    return `${this.#file}.last`;
  }

  async #keepBefore(): Promise<void> {
    const before = await this.#look(this.#file);
    if (before.kind === 'damaged') await rename(this.#file, `${this.#file}.damaged`);
    if (before.kind === 'valid') await replaceWith(this.#lastGood, (temporary) => copyFile(this.#file, temporary, constants.COPYFILE_EXCL));
  }

  async #look(file: string): Promise<Look<Document>> {
    const read = await readRegularFile(file, maxBytes);
    if (!read.ok) {
      if (read.kind === 'missing') return { kind: 'missing' };
      // Nothing is known about the document, so nothing may take its place.
      if (read.kind === 'unreadable') throw new Error(`${file} ${read.problem}`);
      return { kind: 'damaged', problem: read.problem };
    }
    try {
      const document = this.#parse(parseExactJson(utf8.decode(read.content), { tellLines: true }));
      return document === undefined ? { kind: 'damaged' } : { kind: 'valid', document };
    } catch (error) {
      return error instanceof LossyJsonError ? { kind: 'damaged', problem: `can't be used: ${error.message}` } : { kind: 'damaged' };
    }
  }
}

async function replaceWith(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    await write(temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
