import { createHash, type Hash } from 'node:crypto';
import { PassThrough, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate, type Zlib } from 'node:zlib';
import { systemCodeOf } from '../../schemas/protocol/error.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import { ReplacementFile } from './files/replacement-file.ts';
import type { OutputPlace } from './files/output-place.ts';
import { brokenEncoding, single, unknownEncoding, type HttpHeaders } from './http-answer.ts';
import type { BodyTarget } from './http-client.ts';

const decoders: Readonly<Record<string, () => Transform & Zlib>> = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/** What came can't be kept as a file, whatever the disk says. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';
  readonly label: string;
  readonly problem: Message;

  constructor(label: string, problem: Message) {
    super(label);
    this.label = label;
    this.problem = problem;
  }
}

/** What a step's output says of it. */
export interface SavedFile {
  readonly path: string;
  readonly bytes: number;
  /** Of its content, in hex. */
  readonly sha256: string;
}

/** The file to which the body of an answer goes as it comes, decompressed, in memory that doesn't grow with it. It takes its place with `commit`. */
export class AnswerFile {
  readonly #place: OutputPlace;
  readonly #file: ReplacementFile;
  readonly #maxBytes: number;
  #hash: Hash = createHash('sha256');
  #writing: Promise<void> = Promise.resolve();

  private constructor(place: OutputPlace, file: ReplacementFile, maxBytes: number) {
    this.#place = place;
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** Before anything is sent: a file that can't be made is no reason to have called. @throws what opening a file throws */
  static async open(place: OutputPlace, key: string, maxBytes: number): Promise<AnswerFile> {
    return new AnswerFile(place, await ReplacementFile.open(place, key), maxBytes);
  }

  /** Takes the body of an answer with these headers, in place of one that came before. */
  target(headers: HttpHeaders): BodyTarget {
    const encoding = single(headers['content-encoding'])?.toLowerCase() ?? '';
    const isPlain = encoding === '' || encoding === 'identity';
    const decoder = decoders[encoding]?.();
    const input = decoder ?? new PassThrough();
    this.#hash = createHash('sha256');
    const done = pipeline(input, this.#sink()).catch((error: unknown) => {
      // Nothing was packed, as in an answer to HEAD.
      if (decoder?.bytesWritten === 0 && systemCodeOf(error) === 'Z_BUF_ERROR') return;
      throw /^(?:Z|ERR_)_/.test(systemCodeOf(error) ?? '') ? new UnusableAnswerError('response not readable', brokenEncoding(encoding)) : error;
    });
    // Told by whoever waits for it; until then it is no rejection that nobody handles.
    done.catch(() => {});
    this.#writing = done;
    if (!isPlain && decoder === undefined) input.destroy(new UnusableAnswerError('response not readable', unknownEncoding(encoding)));
    else if (isPlain && Number(single(headers['content-length']) ?? 0) > this.#maxBytes) input.destroy(this.#tooLarge());
    return { input, done };
  }

  /** From the project's folder. */
  get path(): string {
    return this.#place.path;
  }

  /** `unsavedBy`: what kept the target from taking all of the body, if anything did; it is thrown. @throws what writing a file throws */
  async commit(unsavedBy: Error | undefined): Promise<SavedFile> {
    if (unsavedBy !== undefined) throw unsavedBy;
    const { bytes } = this.#file;
    await this.#file.commit();
    return { path: this.#place.path, bytes, sha256: this.#hash.digest('hex') };
  }

  /** Idempotent; leaves nothing. Without effect after `commit`. */
  async abandon(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.abandon();
  }

  #sink(): Writable {
    const done = (work: Promise<void>, callback: (error?: Error | null) => void): void => {
      work.then(
        () => callback(),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    };
    return new Writable({
      construct: (callback) => done(this.#file.clear(), callback),
      write: (chunk: Buffer, _encoding, callback) => {
        if (this.#file.bytes + chunk.length > this.#maxBytes) {
          callback(this.#tooLarge());
          return;
        }
        this.#hash.update(chunk);
        done(this.#file.write(chunk), callback);
      },
    });
  }

  #tooLarge(): UnusableAnswerError {
    return new UnusableAnswerError('response too large', message('its body is larger than max-bytes ({max} bytes)', { max: String(this.#maxBytes) }));
  }
}
