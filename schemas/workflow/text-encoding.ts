/** The text of a file, or why it has none. `problem` is the rest of a sentence that begins with the file's name. */
export type DecodedText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

export interface BadByte {
  /** From 0. */
  readonly offset: number;
  readonly byte: number;
}

const remedy = 'Save it as UTF-8';
/** Follows a problem of a CSV: most of those come from there. */
export const csvRemedy = ' (in Excel: "CSV UTF-8"), or say its encoding, such as `csv: { encoding: windows-1252 }`';

/**
 * The one place that makes text of a file's bytes: strict UTF-8, a byte order mark taken off. Anything else is refused and not guessed,
 * because a wrong guess sends out garbled names without a word.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const problem = markProblem(bytes);
  if (problem !== undefined) return { ok: false, problem };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const at = text.indexOf('\0');
    return at < 0 ? { ok: true, text } : { ok: false, problem: nulProblem(1 + count(text.slice(0, at), '\n')) };
  } catch {
    const bad = firstBadByte(bytes) ?? { offset: bytes.length, byte: 0 };
    return { ok: false, problem: badByteProblem(bad, placeOf(bytes, bad.offset)) };
  }
}

/** What the first bytes say: UTF-16 and UTF-32 begin with a mark of their own, mostly. */
export function markProblem(start: Uint8Array): string | undefined {
  const isUtf16 = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  return isUtf16 ? `is UTF-16, not UTF-8. ${remedy}` : undefined;
}

export function badByteProblem({ offset, byte }: BadByte, { line, column }: { readonly line: number; readonly column: number }): string {
  return `is not UTF-8: line ${line}, column ${column} has the byte ${hexOf(byte)} (at offset ${offset}), as Windows-1252 and Latin-1 have for letters with accents. ${remedy}`;
}

export function hexOf(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

export function nulProblem(line: number): string {
  return `is not a text: line ${line} has a zero byte, as UTF-16 and programs have. ${remedy}`;
}

/** The first byte that can't stand where it does in UTF-8 (RFC 3629). */
export function firstBadByte(bytes: Uint8Array): BadByte | undefined {
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return { offset: at, byte: bytes[at] ?? 0 };
    at += length;
  }
  return undefined;
}

/** Of the character that begins there; 0 where none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index] ?? 0;
    const [least, most] = index > 1 ? [0x80, 0xbf] : boundsOfSecond(lead);
    if (byte < least || byte > most) return 0;
  }
  return length;
}

/** Overlong forms, surrogates and what lies beyond Unicode are told by the second byte. */
function boundsOfSecond(lead: number): readonly [least: number, most: number] {
  switch (lead) {
    case 0xe0:
      return [0xa0, 0xbf];
    case 0xed:
      return [0x80, 0x9f];
    case 0xf0:
      return [0x90, 0xbf];
    case 0xf4:
      return [0x80, 0x8f];
    default:
      return [0x80, 0xbf];
  }
}

/** Line and column from 1; the column counts characters, as an editor does. */
export function placeOf(bytes: Uint8Array, offset: number): { readonly line: number; readonly column: number } {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  let line = 1;
  for (const byte of before) if (byte === 0x0a) line++;
  return { line, column: 1 + new TextDecoder().decode(before.subarray(lineStart)).length };
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
