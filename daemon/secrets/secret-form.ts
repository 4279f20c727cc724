/** A way to write one unit of a secret. `folded`: in either case of its letters; `text` is in lower case then. `escaped`: after one backslash or more. */
interface Form {
  readonly text: string;
  readonly folded?: true;
  readonly escaped?: true;
}

/** A run of letters and digits, or one other character with all its forms. */
type Unit = string | readonly Form[];

/** Text within JSON within JSON within JSON has 15 backslashes before a character that needs one. */
const maxBackslashes = 16;
/** Lines of a secret (a private key, say) that are masked on their own have at least this many characters. */
const minLine = 8;
/** Values that may stand in the name of a host are known in lower case as well from this many characters on. */
const minHost = 8;
/** A run of letters and digits is looked for by its first characters. */
export const anchorLength = 4;

const jsonLetters: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' };
const htmlEntities: Readonly<Record<string, readonly string[]>> = {
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '"': ['&quot;'],
  "'": ['&apos;', '&#039;'],
};

/**
 * One value as it may be written, as a list of units: matched in a text without a regular expression, whose size (and stack) would grow with
 * the value. All ways to write each unit are followed side by side, so nothing is matched twice.
 */
export class SecretForm {
  readonly #units: readonly Unit[];
  /** The unit by which the value is looked for: its longest run of letters and digits; -1 if none is long enough. */
  readonly #anchor: number;
  /** Of the longest text that can match, in UTF-16 units. */
  readonly longest: number;

  constructor(units: readonly Unit[]) {
    this.#units = units;
    const lengths = units.map((unit) => (typeof unit === 'string' ? unit.length : 0));
    const longestRun = lengths.reduce((most, length) => Math.max(most, length), 0);
    this.#anchor = longestRun < anchorLength ? -1 : lengths.indexOf(longestRun);
    this.longest = units.reduce((sum, unit) => sum + longestOf(unit), 0);
  }

  /** What a text that holds the value has to hold, or undefined: then one of `firsts`. */
  get anchor(): string | undefined {
    const unit = this.#units[this.#anchor];
    return typeof unit === 'string' ? unit.slice(0, anchorLength) : undefined;
  }

  /** What it begins with, however it is written; undefined if that isn't letters and digits. */
  get start(): string | undefined {
    const [unit] = this.#units;
    return typeof unit === 'string' && unit.length >= anchorLength ? unit.slice(0, anchorLength) : undefined;
  }

  /** The characters with which it may begin. */
  get firsts(): readonly string[] {
    const unit = this.#units[0] ?? '';
    if (typeof unit === 'string') return [unit.slice(0, 1)];
    return unit.flatMap(({ text, escaped }) => (escaped === true ? ['\\'] : [text.slice(0, 1)]));
  }

  /** The stretch of the text in which the value stands, given where its anchor does; undefined if it doesn't. */
  around(text: string, at: number): readonly [from: number, to: number] | undefined {
    const run = this.#units[this.#anchor];
    if (typeof run !== 'string' || !text.startsWith(run, at)) return undefined;
    let starts: ReadonlySet<number> = new Set([at]);
    for (let index = this.#anchor - 1; index >= 0 && starts.size > 0; index--) starts = before(text, starts, this.#units[index] ?? '');
    if (starts.size === 0) return undefined;
    const ends = this.#forward(text, at + run.length, this.#anchor + 1);
    return ends === undefined ? undefined : [Math.min(...starts), Math.max(...ends)];
  }

  /** Where the value ends that begins at `at`; undefined if none does. */
  from(text: string, at: number): number | undefined {
    const ends = this.#forward(text, at, 0);
    return ends === undefined ? undefined : Math.max(...ends);
  }

  /** Whether the text up to `end`, from `at` on, is the beginning of the value and no more. */
  isCut(text: string, at: number, end: number): boolean {
    let positions: ReadonlySet<number> = new Set([at]);
    for (const unit of this.#units) {
      if ([...positions].some((position) => isBeginning(text, position, end, unit))) return true;
      positions = after(text, positions, unit);
      if (positions.size === 0) return false;
    }
    return false;
  }

  #forward(text: string, at: number, unit: number): ReadonlySet<number> | undefined {
    let ends: ReadonlySet<number> = new Set([at]);
    for (let index = unit; index < this.#units.length; index++) {
      ends = after(text, ends, this.#units[index] ?? '');
      if (ends.size === 0) return undefined;
    }
    return ends;
  }
}

/**
 * The forms in which a secret's value turns up in requests, answers, errors and logs:
 * - as it is, and escaped for JSON (also for JSON that is text within JSON), URLs (also for a URL within a URL), forms, HTML or quoted-printable, character by
 *   character, so that partly escaped text is found as well; letters and digits stand as they are, which `unescapedText` sees to
 * - in base64, standard or URL-safe, at each of the three places where it can start within a group of three bytes (`user:secret`)
 * - in hex, in either case
 * - as a part of the name of a host, which URLs have in lower case: of values that could be one and that aren't a mere word
 */
export function secretForms(secret: string, minLength: number): readonly SecretForm[] {
  const texts = new Set([secret, secret.trim(), ...(secret.includes('\n') ? longLines(secret) : [])]);
  const forms = [...texts].filter((text) => text.length >= minLength).map((text) => new SecretForm(unitsOf(text)));
  if (isSecretHost(secret)) forms.push(new SecretForm(unitsOf(secret.toLowerCase())));
  for (const value of new Set([secret, secret.trim()])) {
    const bytes = Buffer.from(value, 'utf8');
    const cores = [0, 1, 2].map((shift) => base64Core(bytes, shift)).filter((core) => core.length >= minLength);
    forms.push(...cores.map((core) => new SecretForm(base64Units(core))));
    if (bytes.length > 0) forms.push(new SecretForm([bytes.toString('hex')]), new SecretForm([bytes.toString('hex').toUpperCase()]));
  }
  return forms;
}

/** `Kx7mQ2vv9-a`, but not `Password`: its lower case would be masked in every text. */
function isSecretHost(secret: string): boolean {
  return secret.length >= minHost && /^[A-Za-z0-9.-]+$/.test(secret) && /[A-Z]/.test(secret) && /[0-9]/.test(secret);
}

function longLines(secret: string): string[] {
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= minLine);
}

function unitsOf(text: string): readonly Unit[] {
  return (text.match(/[A-Za-z0-9]+|\\+|[^A-Za-z0-9\\]/gsu) ?? []).map((unit) => {
    if (/^[A-Za-z0-9]/.test(unit)) return unit;
    return unit.startsWith('\\') ? backslashes(unit.length) : formsOf(unit);
  });
}

/** One character that is not a letter or digit. */
function formsOf(character: string): readonly Form[] {
  const percent = [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const letter = jsonLetters[character];
  return [
    { text: character },
    { text: percent, folded: true },
    // A URL within the query of another one.
    { text: percent.replaceAll('%', '%25'), folded: true },
    ...(htmlEntities[character] ?? []).map((text): Form => ({ text, folded: true })),
    { text: `&#${character.codePointAt(0) ?? 0};` },
    { text: `&#x${(character.codePointAt(0) ?? 0).toString(16)};`, folded: true },
    // Quoted-printable.
    { text: percent.replaceAll('%', '='), folded: true },
    ...unicodeEscapes(character),
    ...(letter === undefined ? [] : [{ text: letter, escaped: true } as const]),
    ...('"\'/'.includes(character) ? [{ text: character, escaped: true } as const] : []),
    ...(character === ' ' ? [{ text: '+' }, { text: '%2b', folded: true } as const] : []),
  ];
}

/** A run of backslashes is one unit: single ones, each of which may be doubled, could be matched in very many ways. */
function backslashes(count: number): readonly Form[] {
  const depths = [1, 2, 4, 8].map((factor): Form => ({ text: '\\'.repeat(count * factor) }));
  const escapes = ['%5c', '%255c', '\\u005c', '\\\\u005c', '&#92;', '&#x5c;', '=5c'];
  // The path of an http URL is sent and shown with slashes in their place (WHATWG URL, 4.4).
  return [...depths, { text: '/'.repeat(count) }, ...escapes.map((escape): Form => ({ text: escape.repeat(count), folded: true }))];
}

/** `\u00e9`, with any number of backslashes before the first `u`; a pair of surrogates takes two. */
function unicodeEscapes(character: string): readonly Form[] {
  const codes = Array.from({ length: character.length }, (_, index) => `u${character.charCodeAt(index).toString(16).padStart(4, '0')}`);
  return codes.length === 1 ? [{ text: codes[0] ?? '', folded: true, escaped: true }] : [1, 2, 4, 8].map((depth) => ({ text: codes.join('\\'.repeat(depth)), folded: true, escaped: true }));
}

/**
 * What base64 shows of `bytes` wherever `shift` bytes are before them in their group of three: without the first and last characters,
 * which hold bits of the neighbours as well.
 */
function base64Core(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}

function base64Units(core: string): readonly Unit[] {
  return (core.match(/[A-Za-z0-9]+|[+/]/g) ?? []).map((unit): Unit => {
    if (unit === '+') return [{ text: '+' }, { text: '-' }, { text: '%2b', folded: true }, { text: '%252b', folded: true }];
    if (unit === '/') return [{ text: '/' }, { text: '/', escaped: true }, { text: '_' }, { text: '%2f', folded: true }, { text: '%252f', folded: true }];
    return unit;
  });
}

function longestOf(unit: Unit): number {
  return typeof unit === 'string' ? unit.length : Math.max(...unit.map(({ text, escaped }) => text.length + (escaped === true ? maxBackslashes : 0)));
}

/** Where the unit ends, wherever it begins at one of these places. */
function after(text: string, starts: ReadonlySet<number>, unit: Unit): ReadonlySet<number> {
  const ends = new Set<number>();
  for (const start of starts) {
    if (typeof unit === 'string') {
      if (text.startsWith(unit, start)) ends.add(start + unit.length);
      continue;
    }
    const slashes = backslashesFrom(text, start);
    for (const form of unit) {
      if (form.escaped === true && slashes === 0) continue;
      const at = form.escaped === true ? start + slashes : start;
      if (stands(text, at, form)) ends.add(at + form.text.length);
    }
  }
  return ends;
}

/** Where the unit begins, wherever it ends at one of these places. */
function before(text: string, ends: ReadonlySet<number>, unit: Unit): ReadonlySet<number> {
  const starts = new Set<number>();
  for (const end of ends) {
    if (typeof unit === 'string') {
      if (text.startsWith(unit, end - unit.length) && end >= unit.length) starts.add(end - unit.length);
      continue;
    }
    for (const form of unit) {
      const at = end - form.text.length;
      if (at < 0 || !stands(text, at, form)) continue;
      if (form.escaped !== true) starts.add(at);
      else for (let slashes = 1; slashes <= maxBackslashes && text[at - slashes] === '\\'; slashes++) starts.add(at - slashes);
    }
  }
  return starts;
}

function stands(text: string, at: number, { text: form, folded }: Form): boolean {
  return folded === true ? text.slice(at, at + form.length).toLowerCase() === form : text.startsWith(form, at);
}

/** Whether the text ends, at `end`, within the unit that begins at `at`, or right before it. */
function isBeginning(text: string, at: number, end: number, unit: Unit): boolean {
  if (at >= end) return true;
  const rest = text.slice(at, end);
  if (typeof unit === 'string') return rest.length < unit.length && unit.startsWith(rest);
  return unit.some(({ text: form, folded, escaped }) => {
    const bare = escaped === true ? rest.replace(/^\\+/, '') : rest;
    if (escaped === true && bare === rest) return false;
    const shown = folded === true ? bare.toLowerCase() : bare;
    return shown.length < form.length && form.startsWith(shown);
  });
}

function backslashesFrom(text: string, at: number): number {
  let count = 0;
  while (count < maxBackslashes && text[at + count] === '\\') count++;
  return count;
}
