import { message, type Message, type MessageArg, sentences } from '../../wording/message.ts';
import type { SourceRange } from '../diagnostic.ts';
import type { DocumentNode, MapEntry, MapNode } from '../document.ts';
import { nameProblem, type NameUse } from '../name.ts';
import { nearestName } from '../nearest-name.ts';
import { anyOf, didYouMean, quoted, type Report } from './report.ts';

/** What a map may hold, for its messages. */
export interface MapShape {
  /** With its article: `a step`. */
  readonly what: string;
  readonly keys: readonly string[];
}

/** An entry whose key is a name. */
export interface NamedEntry extends MapEntry {
  /** What it says can't be told: nothing of it is checked. */
  readonly isDoubtful?: boolean;
}

/**
 * Reads a map with a fixed set of keys. Whatever is wrong is reported where it stands, and then counts as left out, so that
 * one reading finds everything.
 */
export class MapReader {
  readonly report: Report;
  readonly shape: MapShape;
  /** Where a missing key is reported: the key that holds the map. */
  readonly at: SourceRange;
  readonly #entries: ReadonlyMap<string, MapEntry>;
  /** Keys that an unknown one probably means: they are not missing as well. */
  readonly #guessed = new Set<string>();

  /** Undefined, and reported, where `node` is not a map. */
  static open(report: Report, node: DocumentNode, at: SourceRange, shape: MapShape): MapReader | undefined {
    if (node.kind === 'map') return new MapReader(report, node, at, shape);
    const told = { what: capitalised(shape.what), given: describe(node) };
    const keys = shape.keys.slice(0, 3);
    report.error('wrong-type', placeOf(node, at), keys.length === 0 ? message('{what} is a map, not {given}.', told) : message('{what} is a map with keys such as {keys}, not {given}.', { ...told, keys: anyOf(keys) }));
    return undefined;
  }

  private constructor(report: Report, node: MapNode, at: SourceRange, shape: MapShape) {
    this.report = report;
    this.shape = shape;
    this.at = at;
    this.#entries = new Map(node.entries.map((entry) => [entry.key, entry]));
    for (const { key, keyRange } of node.entries) {
      if (shape.keys.includes(key)) continue;
      const nearest = nearestName(key, shape.keys.filter((known) => !this.#entries.has(known)));
      if (nearest !== undefined) this.#guessed.add(nearest);
      const hint = didYouMean(nearest) ?? message('Its keys are {keys}.', { keys: shape.keys.join(', ') });
      report.error('unknown-key', keyRange, sentences(message('{key} is not a key of {what}.', { key: quoted(key), what: shape.what }), hint), nearest === undefined ? [] : [nearest]);
    }
  }

  /** Whether the names that a key declares can't be told: something in it is not a map, or it is missing beside a key that is unknown and could be it. */
  isUncertain(key: string): boolean {
    const entry = this.entry(key);
    if (entry?.value.kind === 'map') return entry.value.entries.some(({ value }) => value.kind !== 'map' && !isEmpty(value));
    if (entry !== undefined && !isEmpty(entry.value)) return true;
    return [...this.#entries.values()].some((one) => !this.shape.keys.includes(one.key) && one.value.kind === 'map');
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get hasUnknownKeys(): boolean {
    return [...this.#entries.keys()].some((key) => !this.shape.keys.includes(key));
  }

  entry(key: string): MapEntry | undefined {
    return this.#entries.get(key);
  }

  /** Where to point at for a key's value: at the key itself when nothing is behind it. */
  place(key: string): SourceRange {
    const entry = this.#entries.get(key);
    return entry === undefined ? this.at : placeOf(entry.value, entry.keyRange);
  }

  require(...keys: readonly string[]): void {
    for (const key of keys) {
      if (!this.has(key) && !this.#guessed.has(key)) this.report.missing(key, this.at, message('{what} must say {key}.', { what: capitalised(this.shape.what), key: quoted(key) }));
    }
  }

  /** A map below a key. */
  map(key: string, shape: MapShape): MapReader | undefined {
    const entry = this.entry(key);
    return entry && MapReader.open(this.report, entry.value, entry.keyRange, shape);
  }

  /** The entries of a map below a key whose keys are names that the author chooses; `use`: how expressions read them. */
  named(key: string, what: string, use: NameUse, inner: MapShape): readonly NamedEntry[] {
    const entry = this.entry(key);
    if (entry === undefined) return [];
    const { value } = entry;
    // What is commented out leaves its key behind.
    if (value.kind === 'scalar' && value.value === null) return [];
    if (value.kind !== 'map') {
      this.report.error('wrong-type', this.place(key), message('{key} is a map whose keys are the names of {what}, not {given}.', { key: quoted(key), what, given: describe(value) }));
      return [];
    }
    const entries = this.#withoutMisplaced(value.entries, inner);
    for (const named of entries) reportBadName(this.report, named.key, named.keyRange, use);
    return entries;
  }

  /**
   * Without the keys of an entry that are beside it, because they are indented too little: `with` below `steps` is not a step, and what
   * the step in front of it says can't be told.
   */
  #withoutMisplaced(entries: readonly MapEntry[], inner: MapShape): readonly NamedEntry[] {
    const isOutOfPlace = ({ key, value }: MapEntry): boolean => inner.keys.includes(key) && !isEmpty(value) && !(value.kind === 'map' && value.entries.some((one) => inner.keys.includes(one.key)));
    const first = entries.find(isOutOfPlace);
    if (first === undefined) return entries;
    // Beside one of them, the others are not names either.
    const isMisplaced = ({ key }: MapEntry): boolean => inner.keys.includes(key);
    this.report.error('unknown-key', first.keyRange, message('{key} is a key of {what}, and is on its level: indent it further.', { key: quoted(first.key), what: inner.what }));
    return entries.flatMap((entry, index) => {
      if (isMisplaced(entry)) return [];
      const next = entries[index + 1];
      return [next !== undefined && isMisplaced(next) ? { ...entry, isDoubtful: true } : entry];
    });
  }

  /** The items of a list below a key; a single value that is not a list counts as a list of one where `orOne` says so. */
  list(key: string, what: string, orOne = false): readonly DocumentNode[] {
    const entry = this.entry(key);
    if (entry === undefined) return [];
    if (entry.value.kind === 'list') return entry.value.items;
    if (orOne && entry.value.kind === 'scalar' && entry.value.value !== null) return [entry.value];
    this.report.error('wrong-type', this.place(key), message('{key} is a list of {what}, not {given}.', { key: quoted(key), what, given: describe(entry.value) }));
    return [];
  }

  string(key: string, what: string): string | undefined {
    const entry = this.entry(key);
    if (entry === undefined) return undefined;
    const { value } = entry;
    if (value.kind === 'scalar' && typeof value.value === 'string' && value.value !== '') return value.value;
    const written = value.kind === 'scalar' && typeof value.value === 'number' ? this.report.textAt(value.source) : undefined;
    const told = message('{key} is {what}, not {given}.', { key: quoted(key), what, given: written ?? describe(value) });
    const isQuotable = value.kind === 'scalar' && value.value !== null && value.value !== '';
    this.report.notText(this.place(key), isQuotable ? sentences(told, message('Put it in quotes: "{value}".', { value: written ?? String(value.value) })) : told, isQuotable);
    return undefined;
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const entry = this.entry(key);
    if (entry === undefined) return undefined;
    const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      const nearest = typeof value === 'string' ? nearestName(value, choices) : undefined;
      this.report.error('bad-value', this.place(key), sentences(message('{key} is {choices}, not {given}.', { key: quoted(key), choices: anyOf(choices), given: describe(entry.value) }), didYouMean(nearest)), nearest === undefined ? choices : [nearest]);
    }
    return found;
  }

  integer(key: string, min: number, max: number): number | undefined {
    const entry = this.entry(key);
    if (entry === undefined) return undefined;
    const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.report.error(
      typeof value === 'number' ? 'bad-value' : 'wrong-type',
      this.place(key),
      sentences(message('{key} is a whole number from {min} to {max}, not {given}.', { key: quoted(key), min, max, given: describe(entry.value) }), noExpression(entry.value)),
    );
    return undefined;
  }
}

/** Reports a name that is none, or that expressions could not read. */
export function reportBadName(report: Report, name: string, range: SourceRange, use: NameUse): boolean {
  // Versions that were kept may have names that are words: nothing reads those.
  const problem = nameProblem(name, report.isKept ? 'none' : use, quoted(name));
  if (problem === undefined) return true;
  report.error('bad-id', range, problem.message, problem.better === undefined ? [] : [problem.better]);
  return false;
}

/** What a value is, for the end of a sentence such as "X is a list, not ...". */
export function describe(node: DocumentNode): MessageArg {
  switch (node.kind) {
    case 'list':
      return message('a list');
    case 'map':
      return message('a map');
    case 'scalar':
      if (node.value === null) return message('empty');
      if (node.value === '') return message('an empty text');
      return typeof node.value === 'string' ? quoted(node.value) : String(node.value);
  }
}

/** A hint for a value that an expression can't give. */
export function noExpression(node: DocumentNode): Message | undefined {
  const isExpression = node.kind === 'scalar' && typeof node.value === 'string' && node.value.includes('${{');
  return isExpression ? message('It is fixed when the file is read, so an expression is not allowed here.') : undefined;
}

export function placeOf(node: DocumentNode, fallback: SourceRange): SourceRange {
  return node.range.end > node.range.start ? node.range : fallback;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function isEmpty(node: DocumentNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}
