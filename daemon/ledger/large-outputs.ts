import { ExpressionFault } from '../../schemas/workflow/expression/fault.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { maxItemCharacters, notKnown, type ItemResult, type LargeOutput, type StoredResults } from './snapshot.ts';

/** Outputs that were parsed last are kept, up to this many characters of JSON together. */
const keptCharacters = 4 * 1024 * 1024;

/** Facts as one decision sees them. */
export interface OutputFacts {
  /** How much JSON of large outputs one expression, or one job with its item, may be made of, in characters. */
  readonly maxLargeCharacters: number;
  largeOutput(key: string): string | typeof notKnown;
  /** @throws MissingFact */
  needLargeOutputs(keys: readonly string[]): never;
}

/** @throws ExpressionFault where an expression reads more items of pages than fit into memory */
export function tooManyItems(): never {
  throw new ExpressionFault('limit', `The pages have more than ${maxItemCharacters / 1024 / 1024} MB of items, the most that an expression may read as a list. A foreach whose items are just this expression reads them one by one; its \`where\` leaves items out.`);
}

/**
 * The results of steps, of which large outputs are facts of their own: an expression seldom reads more than one of them, and all of a step would not fit
 * into memory. It outlives the decisions that share a memory, as do the results that it has given out; each decision lends it its facts.
 */
export class LargeOutputs {
  #facts: OutputFacts | undefined;
  /** By key; what was read last is the last. */
  readonly #kept = new Map<string, { readonly value: Json; readonly characters: number }>();
  #keptCharacters = 0;
  /** What this decision has read. */
  #read = new Set<string>();
  #readCharacters = 0;
  /** Results of which this decision lacks an output already: the others that it lacks will follow. */
  #missed = new WeakSet<StoredResults>();
  /** What has been read since `begin`. */
  #counted = new Set<string>();
  #countedCharacters = 0;

  lend(facts: OutputFacts): void {
    if (this.#facts !== facts) {
      this.#facts = facts;
      this.#read = new Set();
      this.#readCharacters = 0;
      this.#missed = new WeakSet();
    }
    this.begin();
  }

  /** The bound on what is read holds for what follows. */
  begin(): void {
    if (this.#counted.size > 0) this.#counted = new Set();
    this.#countedCharacters = 0;
  }

  /** What this decision has read, in characters of JSON; an output counts once. */
  get readCharacters(): number {
    return this.#readCharacters;
  }

  /** The results as expressions read them. */
  resultsOf(stored: StoredResults): readonly ItemResult[] {
    if (stored.large.length === 0) return stored.list;
    const list = [...stored.list];
    for (const [place, { index }] of stored.large.entries()) {
      list[index] = Object.defineProperty({ ...list[index] } as ItemResult, 'output', { enumerable: true, get: () => this.#output(stored, place) });
    }
    return list;
  }

  #output(stored: StoredResults, place: number): Json {
    const facts = this.#facts;
    const large = stored.large[place];
    if (facts === undefined || large === undefined) throw new Error('results were read outside of a decision');
    this.#count(large, facts.maxLargeCharacters);
    if (!this.#read.has(large.key)) this.#readCharacters += large.characters;
    this.#read.add(large.key);
    const kept = this.#kept.get(large.key);
    if (kept !== undefined) return kept.value;
    const text = facts.largeOutput(large.key);
    if (text === notKnown) return this.#ask(stored, place, facts);
    const value = JSON.parse(text) as Json;
    this.#keep(large.key, value, text.length);
    return value;
  }

  #count({ key, characters }: LargeOutput, most: number): void {
    if (this.#counted.has(key)) return;
    this.#counted.add(key);
    this.#countedCharacters += characters;
    if (this.#countedCharacters <= most) return;
    throw new ExpressionFault('limit', `More than ${Math.round(most / 1024 / 1024)} MB of large outputs are read here, the most that one job may be made of. Let the step before give less, or read fewer of its results.`);
  }

  /**
   * Asks for an output and for those that follow it, twice as many each time: one that is read alone is loaded alone, and a thousand take ten rounds. What
   * is loaded ahead has a bound of its own, so that it never counts against what is read.
   */
  #ask(stored: StoredResults, place: number, facts: OutputFacts): never {
    if (this.#missed.has(stored)) return facts.needLargeOutputs([]);
    this.#missed.add(stored);
    const isLoaded = ({ key }: LargeOutput): boolean => facts.largeOutput(key) !== notKnown;
    const loaded = stored.large.filter(isLoaded);
    let ahead = loaded.reduce((sum, { key, characters }) => sum + (this.#read.has(key) ? 0 : characters), 0);
    const keys: string[] = [];
    for (const one of stored.large.slice(place)) {
      if (isLoaded(one)) continue;
      if (keys.length > 0) ahead += one.characters;
      if (keys.length > 0 && (keys.length >= loaded.length || ahead > facts.maxLargeCharacters)) break;
      keys.push(one.key);
    }
    return facts.needLargeOutputs(keys);
  }

  #keep(key: string, value: Json, characters: number): void {
    this.#kept.set(key, { value, characters });
    this.#keptCharacters += characters;
    for (const [oldest, { characters: freed }] of this.#kept) {
      if (this.#keptCharacters <= keptCharacters || oldest === key) break;
      this.#kept.delete(oldest);
      this.#keptCharacters -= freed;
    }
  }
}
