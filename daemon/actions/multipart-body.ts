import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { FormDataEncoder } from 'form-data-encoder';
import { detectMimeType } from 'nodemailer/lib/mime-funcs';
import { message, verbatim, type Message } from '../../schemas/wording/message.ts';
import type { FilePart, FormScalar, MultipartFields } from '../../schemas/workflow/actions/http-request.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { decodeBase64 } from './base64-text.ts';
import type { StreamedBody } from './http-client.ts';
import { onMachine, openProjectFile } from './project-file.ts';

/** Most parts of one body: each file is open while it is sent. */
const maxParts = 200;
/** All of one body, in bytes. */
const maxBytes = 8_589_934_592;
/** How much of a file is read at a time, in bytes. */
const pieceBytes = 65_536;
/** How much of a field an attempt's record keeps, in characters. */
const maxShown = 512;

/** A body of the type `multipart/form-data` (RFC 7578), whose files are open from `open` to `close`. */
export class MultipartBody implements StreamedBody {
  readonly #encoder: FormDataEncoder;
  readonly #files: readonly SentFile[];
  readonly parts: Json;

  private constructor(form: FormData, files: readonly SentFile[]) {
    // Chance, because someone who knew the boundary could put parts of their own into a file that is sent.
    this.#encoder = new FormDataEncoder(form, `sluice-${randomBytes(24).toString('hex')}`);
    this.#files = files;
    this.parts = [...form].map(([name, value]) => (typeof value === 'string' ? { name, value: value.length > maxShown ? `${value.slice(0, maxShown)}…` : value } : { name, filename: value.name, type: value.type, bytes: value.size }));
  }

  /**
   * Opens all files of the project that it names, so that nothing is sent if one of them can't be. A message says why.
   *
   * @throws MachineTroubleError
   */
  static async open(fields: MultipartFields, projectFolder: string, machine: string | undefined): Promise<MultipartBody | Message> {
    const form = new FormData();
    const files: SentFile[] = [];
    const refuse = async (problem: Message): Promise<Message> => {
      await closeAll(files);
      return problem;
    };
    try {
      const parts = partsOf(fields);
      if (parts.length > maxParts) return message('`multipart` has {count} parts; {max} are the most.', { count: String(parts.length), max: String(maxParts) });
      for (const [name, value] of parts) {
        const part = typeof value === 'object' ? await filePart(value, `\`multipart\`: ${JSON.stringify(name)}`, projectFolder, machine) : String(value);
        if (part instanceof SentFile) files.push(part);
        if (typeof part === 'string') form.append(name, part);
        else if ('pattern' in part) return await refuse(part);
        else form.append(name, part instanceof SentFile ? part.file : part);
      }
      const body = new MultipartBody(form, files);
      return body.bytes <= maxBytes ? body : await refuse(verbatim(`\`multipart\` has ${body.bytes} bytes in all; ${maxBytes} are the most.`));
    } catch (error) {
      await closeAll(files);
      throw error;
    }
  }

  get type(): string {
    return this.#encoder.contentType;
  }

  get bytes(): number {
    return Number(this.#encoder.contentLength);
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.#encoder.encode();
  }

  close(): Promise<void> {
    return closeAll(this.#files);
  }
}

/** A file changed while it was sent: what was sent is neither the old one nor the new one, and is cut off before its end. */
class ChangedFileError extends Error {
  override readonly name = 'ChangedFileError';
  /** The cause by which dead letters are grouped. */
  readonly code = 'file changed while it was sent';

  constructor(path: string) {
    super(`the file ${JSON.stringify(path)} was changed while it was sent`);
  }
}

/** Read piece by piece from the file that was opened and checked, whatever has its name by then. */
class SentFile {
  /** As a form takes it. */
  readonly file: File;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #bytes: number;
  #modifiedMs: number | undefined;

  constructor(path: string, { handle, bytes }: { readonly handle: FileHandle; readonly bytes: number }, filename: string, type: string) {
    this.#path = path;
    this.#handle = handle;
    this.#bytes = bytes;
    const stream = (): AsyncIterable<Uint8Array> => this.#content();
    this.file = Object.defineProperties(new File([], filename, { type }), { size: { value: bytes }, stream: { value: stream } });
  }

  async *#content(): AsyncGenerator<Uint8Array> {
    this.#modifiedMs ??= (await this.#handle.stat()).mtimeMs;
    for (let at = 0; at < this.#bytes;) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(Math.min(pieceBytes, this.#bytes - at)), 0, undefined, at);
      at += bytesRead;
      if (bytesRead === 0 || (at === this.#bytes && (await this.#hasChanged()))) throw new ChangedFileError(this.#path);
      yield buffer.subarray(0, bytesRead);
    }
  }

  async #hasChanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.#handle.stat();
    return size !== this.#bytes || mtimeMs !== this.#modifiedMs;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A file that is named is open then. `place`: where it is named, for a person. */
async function filePart({ path, content = '', encoding, filename = basename(path ?? ''), 'content-type': type = detectMimeType(filename) }: FilePart, place: string, projectFolder: string, machine: string | undefined): Promise<SentFile | File | Message> {
  if (path === undefined) {
    const bytes = encoding === 'base64' ? decodeBase64(content, place) : Buffer.from(content);
    return Buffer.isBuffer(bytes) ? new File([new Uint8Array(bytes)], filename, { type }) : bytes;
  }
  const opened = await openProjectFile(projectFolder, path);
  return opened.ok ? new SentFile(path, opened, filename, type) : message('{place}: {problem}.', { place, problem: `${opened.message}${onMachine(machine)}` });
}

async function closeAll(files: readonly SentFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.close()));
}

function partsOf(fields: MultipartFields): [string, Exclude<FormScalar, null> | FilePart][] {
  return Object.entries(fields).flatMap(([name, value]) => (Array.isArray(value) ? (value as readonly (FormScalar | FilePart)[]) : [value as FormScalar | FilePart]).flatMap((one): [string, Exclude<FormScalar, null> | FilePart][] => (one === null ? [] : [[name, one]])));
}
