import type { SourceRange } from './diagnostic.ts';

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
  /** In document order, each key once. Keys taken over by `<<` stand behind the map's own. */
  readonly entries: readonly MapEntry[];
  /** Entries whose key stands in the map already. They count for nothing, and only the places of their values are known. */
  readonly repeated?: readonly MapEntry[];
  readonly range: SourceRange;
}

export interface MapEntry {
  readonly key: string;
  readonly keyRange: SourceRange;
  readonly value: DocumentNode;
}
