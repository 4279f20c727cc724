import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import { message, type Message, verbatim } from '../wording/message.ts';
import type { Diagnostic, SourceRange } from './diagnostic.ts';
import { inexactText, isExactNumber } from './exact-json.ts';

/** Collections within collections; a workflow needs about ten. Recursion over a tree relies on it. */
export const maxDepth = 64;

/**
 * Nodes that aliases may add to what is written out. Bounds the "billion laughs": aliases of aliases that grow to
 * gigabytes (https://en.wikipedia.org/wiki/Billion_laughs_attack).
 */
const maxAliasedNodes = 10_000;

const styles: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single-quoted',
  QUOTE_DOUBLE: 'double-quoted',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

/** Turns the parser's tree into nodes of our own: aliases and `<<` resolved, each key once, values plain JSON. */
export class DocumentBuilder {
  readonly diagnostics: Diagnostic[] = [];
  readonly #isKept: boolean;
  readonly #anchors = new Map<string, Node>();
  readonly #expanding = new Set<Node>();
  #aliasedNodes = 0;
  #tooMany = false;

  constructor({ isKept }: { readonly isKept: boolean }) {
    this.#isKept = isKept;
  }

  build(node: Node | null, fallback: SourceRange, depth = 0): DocumentNode {
    if (node === null) return emptyScalar(fallback);
    const range = rangeOf(node, fallback);
    if (this.#expanding.size > 0) this.#countAliased(range);
    if (this.#tooMany) return emptyScalar(range);
    if (depth > maxDepth) return this.#fail(range, 'too-deep', message('Lists and maps may be nested {maxDepth} deep at most.', { maxDepth }));

    if (isAlias(node)) return this.#buildAlias(node.source, range, depth);
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    if (isMap(node)) return this.#buildMap(node, range, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.build(item as Node | null, { start: range.end, end: range.end }, depth + 1));
      return { kind: 'list', items, range };
    }
    return isScalar(node) ? this.#buildScalar(node, range) : emptyScalar(range);
  }

  #buildScalar(node: Scalar, range: SourceRange): DocumentNode {
    const { value } = node;
    const style = styles[node.type ?? ''] ?? 'plain';
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return this.#fail(range, 'bad-value', message('Infinity and "not a number" have no place here: use an ordinary number.'));
    }
    const { source } = node;
    if (typeof value === 'number' && source !== undefined && !this.#isKept && !isExactNumber(source)) {
      return this.#fail(range, 'bad-value', verbatim(`${upperFirst(inexactText(source))}.`));
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return { kind: 'scalar', value, style, range, source: range };
    }
    return this.#fail(range, 'bad-value', message('A value is text, a number, true, false or null.'));
  }

  #buildMap(node: YAMLMap, range: SourceRange, depth: number): MapNode {
    const entries = new Map<string, MapEntry>();
    const repeated: MapEntry[] = [];
    const merged: DocumentNode[] = [];
    for (const pair of node.items as Pair<ParsedNode, ParsedNode | null>[]) {
      const keyRange = rangeOf(pair.key, range);
      if (!isScalar(pair.key)) {
        this.#fail(keyRange, 'yaml-syntax', message('A key is plain text: neither a list, a map nor an alias.'));
        continue;
      }
      const key = String(pair.key.value);
      const first = entries.get(key);
      if (first !== undefined) {
        this.#fail(keyRange, 'duplicate-key', message("'{key}' appears here twice; each key may appear in a map once.", { key: key.slice(0, 80) }));
        repeated.push({ key, keyRange, value: emptyScalar(rangeOf(pair.value, { start: keyRange.end, end: keyRange.end })) });
        continue;
      }
      const value = this.build(pair.value, { start: keyRange.end, end: keyRange.end }, depth + 1);
      if (key === '<<' && pair.key.type === 'PLAIN') merged.push(...(value.kind === 'list' ? value.items : [value]));
      else entries.set(key, { key, keyRange, value });
    }
    for (const source of merged) this.#merge(source, entries);
    return { kind: 'map', entries: [...entries.values()], ...(repeated.length > 0 ? { repeated } : {}), range };
  }

  #merge(source: DocumentNode, entries: Map<string, MapEntry>): void {
    if (source.kind !== 'map') {
      this.#fail(source.range, 'yaml-syntax', message("'<<' takes a map, or a list of maps, whose keys it adds to this one."));
      return;
    }
    for (const entry of source.entries) {
      if (!entries.has(entry.key)) entries.set(entry.key, entry);
    }
  }

  #buildAlias(name: string, range: SourceRange, depth: number): DocumentNode {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      return this.#fail(range, 'yaml-syntax', message("No anchor '&{name}' stands above this alias.", { name }));
    }
    if (this.#expanding.has(target)) {
      return this.#fail(range, 'yaml-syntax', message("The alias '*{name}' stands within what it repeats, so it would never end.", { name }));
    }
    // An anchor is known from its start on, so an alias within it is met before it has been expanded once.
    const targetRange = rangeOf(target, range);
    if (targetRange.start <= range.start && range.end <= targetRange.end) {
      return this.#fail(range, 'yaml-syntax', message("The alias '*{name}' stands within what it repeats, so it would never end.", { name }));
    }
    this.#expanding.add(target);
    const built = this.build(target, range, depth);
    this.#expanding.delete(target);
    return { ...built, range };
  }

  #countAliased(range: SourceRange): void {
    this.#aliasedNodes += 1;
    if (this.#aliasedNodes <= maxAliasedNodes || this.#tooMany) return;
    this.#tooMany = true;
    this.#fail(range, 'too-large', message('Aliases repeat more than {count} values; write out what is needed instead.', { count: maxAliasedNodes }));
  }

  #fail(range: SourceRange, code: Diagnostic['code'], message: Message): ScalarNode {
    this.diagnostics.push({ severity: 'error', code, message, range });
    return emptyScalar(range);
  }
}

function emptyScalar(range: SourceRange): ScalarNode {
  return { kind: 'scalar', value: null, style: 'plain', range, source: range };
}

function rangeOf(node: { range?: readonly [number, number, number] | null | undefined } | null, fallback: SourceRange): SourceRange {
  const range = node?.range;
  return range ? { start: range[0], end: range[1] } : fallback;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of a YAML document, with the place where it stands. Knows nothing of the parser that found it. */
export type DocumentNode = ScalarNode | ListNode | MapNode;

export type ScalarStyle = 'plain' | 'single-quoted' | 'double-quoted' | 'literal' | 'folded';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly style: ScalarStyle;
  /** Quotes and the header of a block scalar included. A value left out (`key:`) has an empty range behind its key. */
  readonly range: SourceRange;
  /** Where the text of the value stands: as `range`, but behind an alias (`*name`) that of its anchor. */
  readonly source: SourceRange;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly DocumentNode[];
  readonly range: SourceRange;
}

export interface MapNode {
  readonly kind: 'map';
  /** In document order, each key once. Keys taken over by `<<` are behind the map's own. */
  readonly entries: readonly MapEntry[];
  /** Entries whose key is in the map already. They count for nothing, and only the places of their values are known. */
  readonly repeated?: readonly MapEntry[];
  readonly range: SourceRange;
}

export interface MapEntry {
  readonly key: string;
  readonly keyRange: SourceRange;
  readonly value: DocumentNode;
}
