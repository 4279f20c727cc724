import { isUtf8 } from 'node:buffer';
import type { TextEncoding } from '../../schemas/workflow/csv-format.ts';
import { badByteProblem, firstBadByte, hexOf, nulProblem, placeOf } from '../../schemas/workflow/text-encoding.ts';

/** The message is the rest of a sentence that begins with the file's name. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
}

const names: Readonly<Record<TextEncoding, string>> = { 'utf-8': 'UTF-8', 'utf-16le': 'UTF-16 (little-endian)', 'utf-16be': 'UTF-16 (big-endian)', 'windows-1252': 'Windows-1252' };

/** https://encoding.spec.whatwg.org/index-windows-1252.txt for the bytes 80 to 9F; the five that are empty there are no characters. Own, because some versions of Node read the encoding as Latin-1. */
const windows1252 = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ';

/** Longest byte order mark, in bytes. */
const markBytes = 3;

/**
 * The text of a file, checked and without its byte order mark, in pieces. Its encoding is that of its mark or, if it has none, the one that is said, or UTF-8. What other bytes
 * mean is never guessed, because a wrong guess sends out garbled names without a word. `onEncoding` is told which it is, before the first piece.
 *
 * @throws EncodingError
 */
export async function* readText(content: AsyncIterable<Buffer>, said?: TextEncoding, onEncoding: (encoding: TextEncoding) => void = () => {}): AsyncGenerator<string> {
  let decoder: PieceDecoder | undefined;
  let start: Buffer = Buffer.alloc(0);
  for await (const piece of content) {
    if (decoder !== undefined) {
      yield decoder.push(piece);
      continue;
    }
    start = Buffer.concat([start, piece]);
    if (start.length < markBytes) continue;
    decoder = begin(start, said, onEncoding);
    yield decoder.push(start);
  }
  if (decoder === undefined) {
    decoder = begin(start, said, onEncoding);
    yield decoder.push(start);
  }
  yield decoder.end();
}

function begin(start: Buffer, said: TextEncoding | undefined, onEncoding: (encoding: TextEncoding) => void): PieceDecoder {
  const marked = markOf(start);
  if (marked !== undefined && said !== undefined && marked !== said) throw new EncodingError(`is ${names[marked]}, as its byte order mark says, and not ${names[said]}: take the encoding out`);
  const encoding = marked ?? said ?? 'utf-8';
  onEncoding(encoding);
  return new PieceDecoder(encoding);
}

function markOf([first, second, third]: Buffer): TextEncoding | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** A piece may end within a character: what is left is decoded with the next one. */
class PieceDecoder {
  readonly #encoding: TextEncoding;
  #rest: Buffer = Buffer.alloc(0);
  #isFirst = true;
  /** Of the next piece's first character. */
  #offset = 0;
  #line = 1;
  #column = 1;
  /** Of a text that is said to be Windows-1252: what else it could be, and where its first byte beyond ASCII is. */
  #utf8Rest: Buffer | undefined = Buffer.alloc(0);
  #beyondAscii: { readonly line: number; readonly column: number } | undefined;

  constructor(encoding: TextEncoding) {
    this.#encoding = encoding;
  }

  push(piece: Buffer): string {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const whole = bytes.subarray(0, this.#wholeCharacters(bytes));
    this.#rest = bytes.subarray(whole.length);
    return this.#decode(whole);
  }

  /** What is left, if the text doesn't end there. */
  end(): string {
    if (this.#utf8Rest?.length === 0 && this.#beyondAscii !== undefined) {
      const { line, column } = this.#beyondAscii;
      throw new EncodingError(`is UTF-8, not Windows-1252: all its characters beyond ASCII are whole ones of UTF-8, the first in line ${line}, column ${column}. Take the encoding out`);
    }
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (rest.length > 0 && this.#encoding.startsWith('utf-16')) throw new EncodingError(`is not ${names[this.#encoding]}: it ends within a character, at offset ${this.#offset} (line ${this.#line}, column ${this.#column})`);
    return this.#decode(rest);
  }

  #decode(bytes: Buffer): string {
    let text: string;
    switch (this.#encoding) {
      case 'utf-8':
        if (!isUtf8(bytes)) throw this.#notUtf8(bytes);
        text = bytes.toString('utf8');
        break;
      case 'utf-16le':
        text = this.#wellFormed(bytes.toString('utf16le'));
        break;
      case 'utf-16be':
        text = this.#wellFormed(Buffer.from(bytes).swap16().toString('utf16le'));
        break;
      case 'windows-1252':
        text = this.#fromWindows(bytes);
        break;
    }
    const nul = text.indexOf('\0');
    if (nul >= 0) throw new EncodingError(nulProblem(this.#place(text, nul).line));
    this.#offset += bytes.length;
    const { line, column } = this.#place(text, text.length);
    this.#line = line;
    this.#column = column;
    if (this.#isFirst && text !== '') {
      this.#isFirst = false;
      if (text.startsWith('\uFEFF')) {
        this.#column -= line === 1 ? 1 : 0;
        return text.slice(1);
      }
    }
    return text;
  }

  #notUtf8(bytes: Buffer): EncodingError {
    const bad = firstBadByte(bytes) ?? { offset: 0, byte: 0 };
    const within = placeOf(bytes, bad.offset);
    const place = { line: this.#line + within.line - 1, column: within.line === 1 ? this.#column + within.column - 1 : within.column };
    return new EncodingError(badByteProblem({ ...bad, offset: this.#offset + bad.offset }, place));
  }

  /** Half of a pair is no character (RFC 2781, 2.2). */
  #wellFormed(text: string): string {
    if (text.isWellFormed()) return text;
    const at = text.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
    const { line, column } = this.#place(text, at);
    throw new EncodingError(`is not ${names[this.#encoding]}: line ${line}, column ${column} has half of a character (${text.charCodeAt(at).toString(16).toUpperCase()}, at offset ${this.#offset + 2 * at})`);
  }

  #fromWindows(bytes: Buffer): string {
    const latin = bytes.toString('latin1');
    const first = latin.search(/[\x80-\xff]/);
    if (first < 0) {
      if (this.#utf8Rest !== undefined && this.#utf8Rest.length > 0 && bytes.length > 0) this.#utf8Rest = undefined;
      return latin;
    }
    this.#beyondAscii ??= this.#place(latin, first);
    if (this.#utf8Rest !== undefined) {
      const so = Buffer.concat([this.#utf8Rest, bytes]);
      const whole = so.subarray(0, wholeOfUtf8(so));
      this.#utf8Rest = isUtf8(whole) ? so.subarray(whole.length) : undefined;
    }
    return latin.replace(/[\x80-\x9f]/g, (character, at: number) => {
      const code = character.charCodeAt(0);
      const read = windows1252[code - 0x80] ?? '\0';
      if (read !== '\0') return read;
      const { line, column } = this.#place(latin, at);
      throw new EncodingError(`is not Windows-1252: line ${line}, column ${column} has the byte ${hexOf(code)} (at offset ${this.#offset + at}), which is no character there`);
    });
  }

  #wholeCharacters(bytes: Buffer): number {
    switch (this.#encoding) {
      case 'utf-8':
        return wholeOfUtf8(bytes);
      case 'utf-16le':
      case 'utf-16be': {
        const even = bytes.length - (bytes.length % 2);
        const high = even === 0 ? 0 : (bytes[this.#encoding === 'utf-16le' ? even - 1 : even - 2] ?? 0);
        // The first half of a pair.
        return high >= 0xd8 && high < 0xdc ? even - 2 : even;
      }
      case 'windows-1252':
        return bytes.length;
    }
  }

  /** Of the character at `at` of the piece that begins where this is. */
  #place(text: string, at: number): { readonly line: number; readonly column: number } {
    let line = this.#line;
    let lineStart = 0;
    for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', end + 1)) {
      line++;
      lineStart = end + 1;
    }
    return { line, column: lineStart === 0 ? this.#column + at : 1 + at - lineStart };
  }
}

/** How many of the bytes are whole characters of UTF-8: the last one may continue in the next piece. */
function wholeOfUtf8(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
