/** A regular expression for the forms that one secret takes, and the length of its shortest match, in UTF-16 units. */
export interface SecretPattern {
  readonly source: string;
  readonly length: number;
}

/**
 * Lines of a secret (a private key, say) that are masked on their own, where text shows only some of them, have at
 * least this many characters.
 */
const minLine = 8;

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;|&#34;',
  "'": '&#0?39;|&#x27;|&apos;',
  '/': '&#x2[fF];',
};

/**
 * The forms in which a secret's value turns up in requests, answers, errors and logs:
 * - as it is, and escaped for JSON, URLs (path, query, component; either case of hex), forms or HTML: one pattern,
 *   character by character, so that partly escaped text is found as well
 * - in base64, standard or URL-safe, at each of the three places where it can start within a group of three bytes
 *   (`user:secret`)
 * - in hex, in either case
 */
export function secretPatterns(secret: string): readonly SecretPattern[] {
  const texts = new Set([secret, secret.trim(), ...(secret.includes('\n') ? longLines(secret) : [])]);
  const patterns: SecretPattern[] = [...texts].map((text) => ({ source: textSource(text), length: text.length }));
  for (const value of new Set([secret, secret.trim()])) {
    const bytes = Buffer.from(value, 'utf8');
    patterns.push(...[0, 1, 2].map((shift) => base64Pattern(bytes, shift)));
    patterns.push({ source: anyCaseHex(bytes.toString('hex')), length: bytes.length * 2 });
  }
  return patterns;
}

function longLines(secret: string): string[] {
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= minLine);
}

function textSource(text: string): string {
  // A run of backslashes is one unit: single ones, each of which may be doubled, could be matched in exponentially many
  // ways.
  return (text.match(/\\+|[^\\]/gsu) ?? []).map(unitSource).join('');
}

/**
 * One character, or one run of backslashes, in all its escapes, the longest first, so that an escape is masked whole.
 */
function unitSource(unit: string): string {
  if (/^[A-Za-z0-9]$/.test(unit)) return unit;
  const forms = new Set<string>();
  const entity = htmlEntities[unit];
  if (entity !== undefined) forms.add(entity);
  forms.add([...Buffer.from(unit, 'utf8')].map((byte) => `%${anyCaseHex(byte.toString(16).padStart(2, '0'))}`).join(''));
  forms.add(utf16(unit).map((codeUnit) => `\\\\u${anyCaseHex(codeUnit.toString(16).padStart(4, '0'))}`).join(''));
  // Twice, for JSON that is kept as text within JSON.
  const escaped = jsonEscaped(unit);
  forms.add(literal(jsonEscaped(escaped)));
  forms.add(literal(escaped));
  if (unit === '/') forms.add('\\\\/');
  if (unit === ' ') forms.add('\\+');
  forms.add(literal(unit));
  return `(?:${[...forms].join('|')})`;
}

function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function utf16(character: string): number[] {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
}

/**
 * What base64 shows of `bytes` wherever `shift` bytes stand before them in their group of three: without the first and
 * last characters, which hold bits of the neighbours as well.
 */
function base64Pattern(bytes: Buffer, shift: number): SecretPattern {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const core = encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  return {
    source: core.replace(/[+/]/g, (character) => (character === '+' ? '(?:[+\\-]|%2[bB])' : '(?:\\\\?\\/|_|%2[fF])')),
    length: core.length,
  };
}

function anyCaseHex(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
