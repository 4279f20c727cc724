import { wordingOf, type Told } from '../../schemas/wording/told.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { mask } from '../core/mask.ts';
import { anchorLength, secretForms, type SecretForm } from './secret-form.ts';
import { mayHoldToken, tokensIn } from './signal-link.ts';
import { maxEscape, unescapedCutText, unescapedText } from './unescaped-text.ts';

/**
 * Shorter values are not masked, in characters: they turn up everywhere by chance, and masking them would make texts
 * unreadable and show where they stand. Anyone who keeps so short a secret keeps none.
 */
export const minMaskedLength = 4;

/** What stands where a text was cut. */
const cutMark = '…';
/** Marks of one text that are looked at. */
const maxCuts = 100;
/** Nobody cuts a text to less than this, in characters. */
const shortestCut = 100;

/** From, to. */
type Stretch = readonly [number, number];

/**
 * Replaces the values of secrets in whatever is kept or shown, in all the forms that `secretForms` lists, and what gives links their power that
 * answer signals. Immutable; made again when the secrets change.
 *
 * A text is scanned once, and again as `unescapedText` if that differs, however many secrets there are: four characters at a time are
 * looked up in a table of those by which the values are known. A text without a secret comes back as the same string, a tree as the same tree.
 */
export class Masker {
  readonly #anchored = new Lookup();
  /** Values that begin with a run of letters and digits, by the beginning. */
  readonly #starts = new Lookup();
  /** Values without a run of letters and digits, by the characters with which they may begin. */
  readonly #others = new Map<string, SecretForm[]>();
  /** Values that begin with something else, likewise. */
  readonly #otherStarts = new Map<string, SecretForm[]>();
  /** To make the same one elsewhere. */
  readonly secrets: readonly string[];
  readonly #forms: readonly SecretForm[];
  readonly #longest: number;
  readonly #numeric: boolean;

  constructor(secrets: Iterable<string>) {
    this.secrets = [...new Set(secrets)];
    const long = this.secrets.filter((secret) => secret.trim().length >= minMaskedLength);
    this.#forms = long.flatMap((secret) => secretForms(secret, minMaskedLength));
    for (const form of this.#forms) {
      if (form.anchor === undefined) addByFirst(this.#others, form);
      else this.#anchored.add(form.anchor, form);
      if (form.start === undefined) addByFirst(this.#otherStarts, form);
      else this.#starts.add(form.start, form);
    }
    this.#longest = Math.max(0, ...this.#forms.map(({ longest }) => longest));
    this.#numeric = long.some((secret) => secret.trim() !== '' && Number.isFinite(Number(secret)));
  }

  /** The text with each secret replaced by `mask`. Secrets that overlap are masked together. */
  text(text: string): string {
    return masked(text, this.#found(text));
  }

  /**
   * The same for a text that may have been cut, at its end or before each `…`: if four characters or more of a secret are left there, they are
   * masked as well. Elsewhere that would change texts that only begin like one.
   */
  cutText(text: string): string {
    if (text.length < shortestCut) return this.text(text);
    return masked(text, this.#forms.length === 0 ? this.#found(text) : [...this.#found(text), ...this.#cut(text)]);
  }

  /**
   * The tree with all its strings and keys masked, and numbers that are secrets; the same tree if there is nothing
   * to mask.
   */
  json(value: Json): Json {
    return this.#isClean(value) ? value : this.#json(value, (text) => this.text(text));
  }

  /** A text of `cutText`, with what it was made of if that says the same when it is masked too. A text without secrets has none in its wording. */
  cutTold({ message: text, wording }: Told): Told {
    const message = this.cutText(text);
    const masked = wording === undefined || message === text ? wording : wordingOf(message, this.cutJson(wording as unknown as Json));
    return { message, ...(masked === undefined ? {} : { wording: masked }) };
  }

  /** The same for a tree whose strings may have been cut. */
  cutJson(value: Json): Json {
    return this.#isClean(value) ? value : this.#json(value, (text) => this.cutText(text));
  }

  /** Where there is no secret, nothing is looked through but for links. */
  #isClean(value: Json): boolean {
    return this.#forms.length === 0 && !mayHoldToken(value);
  }

  #json(value: Json, mask: (text: string) => string): Json {
    if (typeof value === 'string') return mask(value);
    if (typeof value === 'number') return this.#numeric ? this.#number(value) : value;
    if (isJsonObject(value)) {
      const entries = Object.entries(value);
      const masked = entries.map(([key, child]): [string, Json] => [this.text(key), this.#json(child, mask)]);
      const same = entries.every(([key, child], index) => masked[index]?.[0] === key && masked[index][1] === child);
      return same ? value : Object.fromEntries(masked);
    }
    if (typeof value !== 'object' || value === null) return value;
    const list = value.map((child) => this.#json(child, mask));
    return list.some((child, index) => child !== value[index]) ? list : value;
  }

  #number(value: number): Json {
    const text = String(value);
    const masked = this.text(text);
    return masked === text ? value : masked;
  }

  #found(text: string): readonly Stretch[] {
    const links = tokensIn(text);
    if (this.#forms.length === 0) return links;
    const found = this.#ofSecrets(text);
    return links.length === 0 ? found : [...found, ...links];
  }

  #ofSecrets(text: string): readonly Stretch[] {
    const plain = unescapedText(text);
    if (plain === undefined) return this.#standing(text);
    return [...this.#standing(text), ...this.#standing(plain.text).map(([from, to]) => plain.original(from, to))];
  }

  #standing(text: string): Stretch[] {
    const found: Stretch[] = [];
    this.#anchored.scan(text, 0, text.length, (at, form) => {
      const stretch = form.around(text, at);
      if (stretch !== undefined) found.push(stretch);
    });
    scanFirsts(this.#others, text, 0, text.length, (at, form) => {
      const to = form.from(text, at);
      if (to !== undefined) found.push([at, to]);
    });
    return found;
  }

  /** What is left of a secret at each place where the text may have been cut. */
  #cut(text: string): Stretch[] {
    const ends = [text.length];
    for (let at = text.indexOf(cutMark); at !== -1 && ends.length < maxCuts; at = text.indexOf(cutMark, at + 1)) ends.push(at);
    return ends.flatMap((end): Stretch[] => {
      const from = Math.min(this.#cutFrom(text, end), this.#cutUnescapedFrom(text, end));
      return from === end ? [] : [[from, end]];
    });
  }

  #cutUnescapedFrom(text: string, end: number): number {
    const earliest = Math.max(0, end - this.#longest * maxEscape);
    const plain = unescapedCutText(text.slice(earliest, end));
    if (plain === undefined) return end;
    const from = this.#cutFrom(plain.text, plain.text.length);
    return from === plain.text.length ? end : earliest + plain.original(from, plain.text.length)[0];
  }

  /** Where the beginning of a secret begins that ends at `end`; `end` if there is none. */
  #cutFrom(text: string, end: number): number {
    let from = end;
    const onPlace = (at: number, form: SecretForm): void => {
      if (at < from && form.isCut(text, at, end)) from = at;
    };
    const earliest = Math.max(0, end - this.#longest);
    this.#starts.scan(text, earliest, end, onPlace);
    scanFirsts(this.#otherStarts, text, earliest, end - minMaskedLength + 1, onPlace);
    return from;
  }
}

function addByFirst(forms: Map<string, SecretForm[]>, form: SecretForm): void {
  for (const first of new Set(form.firsts)) forms.set(first, [...(forms.get(first) ?? []), form]);
}

function scanFirsts(forms: ReadonlyMap<string, readonly SecretForm[]>, text: string, from: number, to: number, onPlace: (at: number, form: SecretForm) => void): void {
  if (forms.size === 0) return;
  for (let at = from; at < to; at++) {
    for (const form of forms.get(text.charAt(at)) ?? []) onPlace(at, form);
  }
}

/** `found` in any order. */
function masked(text: string, found: readonly Stretch[]): string {
  if (found.length === 0) return text;
  let result = '';
  let shown = 0;
  let end = -1;
  for (const [from, to] of found.toSorted(([one], [other]) => one - other)) {
    if (from >= end) {
      result += text.slice(shown, from) + mask;
      shown = end = to;
    } else if (to > end) {
      shown = end = to;
    }
  }
  return result + text.slice(shown);
}

/** Finds all places of a text at which one of many strings of `anchorLength` characters stands, in one pass. */
class Lookup {
  readonly #forms = new Map<string, SecretForm[]>();
  /** Whether something may stand whose last four characters have this hash: nearly always it doesn't, and that costs nothing but a look. */
  readonly #known = new Uint8Array(0x1_0000);

  add(anchor: string, form: SecretForm): void {
    this.#forms.set(anchor, [...(this.#forms.get(anchor) ?? []), form]);
    let hash = 0;
    for (let index = 0; index < anchor.length; index++) hash = hashed(hash, anchor.charCodeAt(index));
    this.#known[hash] = 1;
  }

  scan(text: string, from: number, to: number, onPlace: (at: number, form: SecretForm) => void): void {
    if (this.#forms.size === 0) return;
    const known = this.#known;
    let hash = 0;
    for (let index = from; index < to; index++) {
      hash = hashed(hash, text.charCodeAt(index));
      if (known[hash] === 0 || index - from < anchorLength - 1) continue;
      const at = index - anchorLength + 1;
      for (const form of this.#forms.get(text.slice(at, index + 1)) ?? []) onPlace(at, form);
    }
  }
}

/** With four bits a character and sixteen in all, a character is forgotten when four others have followed. */
function hashed(hash: number, code: number): number {
  return ((hash << 4) ^ code) & 0xffff;
}
