/**
 * A text with its needless escapes undone: letters and digits that some encoders write as `%61`, `\u0061`, `\x61` or `&#97;` although nothing
 * asks for it, and the line breaks within base64 or hex (MIME breaks it at 76 columns, PEM at 64) and quoted-printable. Values are looked for
 * in it as in the text itself, so no value needs a pattern for them. Escapes of other characters stay: `SecretForm` knows them.
 */
export interface UnescapedText {
  readonly text: string;
  /** Where in the original a stretch of `text` stands. */
  original(from: number, to: number): readonly [from: number, to: number];
}

/** The shortest line that is taken for a full one of base64 or hex, in characters: a line break in other text means something. */
const minFullLine = 30;
/** Longest `text` that one character can stand for in the original: `%252561`, or `&#x0000061;`. */
export const maxEscape = 12;

const letterOrDigit = '(?:3\\d|[46][1-9a-f]|[57][\\da])';
const decimalLetterOrDigit = '(?:4[89]|5[0-7]|6[5-9]|[78]\\d|90|9[7-9]|1[01]\\d|12[0-2])';
const percent = `%(?:25){0,3}(${letterOrDigit})`;
const backslash = `\\\\{1,16}(?:u00|x)(${letterOrDigit})`;
const entity = `&#(?:x0{0,5}(${letterOrDigit})|0{0,4}(${decimalLetterOrDigit}));`;
const lineBreak = '(?:\\r|\\n|\\\\{1,16}[rn]|%(?:25){0,3}0[ad]|&#(?:1[03]|x0?[ad]);)';
const crlf = '(?:\\r|\\\\{1,16}r|%(?:25){0,3}0d|&#(?:13|x0?d);)(?:\\n|\\\\{1,16}n|%(?:25){0,3}0a|&#(?:10|x0?a);)';
/** Of quoted-printable, which has one at a time: what follows and looks like another is of the value. */
const softBreak = `=(?:${crlf}|${lineBreak})`;
const anyEscape = new RegExp(`${percent}|${backslash}|${entity}|((?:${softBreak}|${lineBreak}+)[ \\t]{0,16})`, 'gi');
const entityHere = new RegExp(`${entity}|&#(?:10|x0?a);`, 'iy');
const percentHere = new RegExp(`${percent}|%(?:25){0,3}0a`, 'iy');
/** Of the texts that are looked at, most are short, and one search costs less than four there. */
const anyBeginning = /[%\\&\n]/;
const maxShort = 200;
const carriageReturn = /(?:\r|\\{1,16}r|%(?:25){0,3}0d|&#(?:13|x0?d);)$/i;
/** What a text that was cut may end with: line breaks, and the beginning of an escape. */
const lastEscape = /(?:[\r\n\t ]|%(?:25){0,3}[0-9a-f]?|%(?:25){0,3}0[ad]|\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?|[rn])?|&(?:#x?[0-9a-f]{0,7})?|&#(?:1[03]|x0?[ad]);|=)+$/i;

/** By two codes of characters: 1 where they are the hexadecimal number of a letter or digit. */
const lettersAndDigits = new Uint8Array(2 ** 14);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789') {
  const hex = character.charCodeAt(0).toString(16);
  for (const digits of [hex, hex.toUpperCase()]) lettersAndDigits[(digits.charCodeAt(0) << 7) | digits.charCodeAt(1)] = 1;
}

/** Undefined if there is nothing to undo. */
export function unescapedText(text: string): UnescapedText | undefined {
  return hasEscapes(text) ? unescaped(text, text.length) : undefined;
}

/** The same for a text that may end within an escape or a line break: what is there of it is left out. */
export function unescapedCutText(text: string): UnescapedText | undefined {
  const end = text.length - (lastEscape.exec(text.slice(-64))?.[0].length ?? 0);
  return end < text.length || hasEscapes(text) ? unescaped(text, end) : undefined;
}

/** `end`: where what is looked at ends. */
function unescaped(text: string, end: number): UnescapedText {
  const edits = new Edits(text);
  anyEscape.lastIndex = 0;
  for (let found = anyEscape.exec(text); found !== null && found.index < end; found = anyEscape.exec(text)) {
    const [whole, percentHex, backslashHex, entityHex, decimal, broken] = found;
    const hex = percentHex ?? backslashHex ?? entityHex;
    if (broken !== undefined) {
      if (broken.startsWith('=') || endsFullLine(text, found.index)) edits.add(found.index, whole.length, '');
    } else {
      edits.add(found.index, whole.length, String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)));
    }
  }
  return edits.end(end);
}

/** Most texts have none, and all the same many of the characters with which one begins: they are found by plain searches, and judged without a pattern. */
function hasEscapes(text: string): boolean {
  if (text.length < maxShort && !anyBeginning.test(text)) return false;
  return (
    standsAtAny(text, '%', (at) => {
      const next = text.charCodeAt(at + 1);
      // `%0a`, and `%25`, which may be another escape's beginning.
      if (next === 0x30 || next === 0x32) return matchesAt(percentHere, text, at) && (next === 0x32 || isBrokenLine(text, at));
      return isLetterOrDigit(text, at + 1);
    }) ||
    standsAtAny(text, '\\', (at) => {
      const next = text.charCodeAt(at + 1);
      if (next === 0x6e) return isBrokenLine(text, at);
      return next === 0x75 ? text.startsWith('00', at + 2) && isLetterOrDigit(text, at + 4) : next === 0x78 && isLetterOrDigit(text, at + 2);
    }) ||
    standsAtAny(text, '&#', (at) => matchesAt(entityHere, text, at)) ||
    standsAtAny(text, '\n', (at) => isBrokenLine(text, at))
  );
}

function standsAtAny(text: string, beginning: string, isEscape: (at: number) => boolean): boolean {
  for (let at = text.indexOf(beginning); at >= 0; at = text.indexOf(beginning, at + 1)) {
    if (isEscape(at)) return true;
  }
  return false;
}

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** Of two digits of a hexadecimal number. */
function isLetterOrDigit(text: string, at: number): boolean {
  return lettersAndDigits[(text.charCodeAt(at) << 7) | text.charCodeAt(at + 1)] === 1;
}

/** Whether the `\n` at `at`, however it is written, breaks a line of base64, hex or quoted-printable. */
function isBrokenLine(text: string, at: number): boolean {
  const start = startOfBreak(text, at);
  return text[start - 1] === '=' || endsFullLine(text, start);
}

/** Where the line break begins whose `\n` is at `at`, however both are written. */
function startOfBreak(text: string, at: number): number {
  let start = at;
  while (text[start - 1] === '\\' && at - start < 16) start--;
  const before = text[start - 1];
  // The last characters of each way to write `\r`.
  if (before !== '\r' && before !== 'r' && before !== 'd' && before !== 'D' && before !== ';') return start;
  return start - (carriageReturn.exec(text.slice(Math.max(0, start - 24), start))?.[0].length ?? 0);
}

/** Whether so many characters of base64, base64url or hex stand right before `end` that they are a line of it. */
function endsFullLine(text: string, end: number): boolean {
  if (end < minFullLine) return false;
  for (let at = end - 1; at >= end - minFullLine; at--) {
    if (!isBase64(text.charCodeAt(at))) return false;
  }
  return true;
}

function isBase64(code: number): boolean {
  // Letters, digits, then `+ - / _`.
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2f || code === 0x5f;
}

/** What was replaced, from left to right. */
class Edits {
  readonly #source: string;
  readonly #pieces: string[] = [];
  #shown = 0;
  #length = 0;
  /** Of each edit: where it begins in the result, how long it is there, and where it stood in the source. Lists of numbers, as there may be a million. */
  readonly #at: number[] = [];
  readonly #lengths: number[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  add(from: number, length: number, text: string): void {
    this.#pieces.push(this.#source.slice(this.#shown, from), text);
    this.#length += from - this.#shown;
    this.#at.push(this.#length);
    this.#lengths.push(text.length);
    this.#from.push(from);
    this.#to.push(from + length);
    this.#length += text.length;
    this.#shown = from + length;
  }

  /** `end`: in the source. */
  end(end: number): UnescapedText {
    this.#pieces.push(this.#source.slice(this.#shown, end));
    return { text: this.#pieces.join(''), original: (from, to) => [this.#start(from), this.#end(to)] };
  }

  #start(at: number): number {
    const index = this.#last(at);
    const [editAt = 0, length = 0] = [this.#at[index], this.#lengths[index]];
    return at < editAt + length ? (this.#from[index] ?? 0) : (this.#to[index] ?? 0) + at - editAt - length;
  }

  #end(at: number): number {
    const index = this.#last(at - 1);
    const [editAt = 0, length = 0] = [this.#at[index], this.#lengths[index]];
    return at <= editAt + length && length > 0 ? (this.#to[index] ?? 0) : (this.#to[index] ?? 0) + at - editAt - length;
  }

  /** The last edit that begins at `at` or before it; -1 if there is none. */
  #last(at: number): number {
    let [low, high] = [0, this.#at.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#at[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
