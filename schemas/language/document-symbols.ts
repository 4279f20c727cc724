import { SymbolKind, type DocumentSymbol } from 'vscode-languageserver-types';
import { entryOf, type DocumentNode, type MapEntry } from '../workflow/document.ts';
import type { LanguageFile } from './language-file.ts';
import { trimmedRange } from './trimmed-range.ts';

/** Symbols of entries, by the top-level key that they stand under. */
const entryKinds: Readonly<Record<string, SymbolKind>> = {
  inputs: SymbolKind.Variable,
  queues: SymbolKind.Interface,
  steps: SymbolKind.Function,
  'on-failure': SymbolKind.Function,
  connections: SymbolKind.Interface,
};

/** The outline of a file: its keys, and what is declared under them, with what each is about in a few words. */
export function documentSymbols(file: LanguageFile): DocumentSymbol[] {
  const { root } = file.document;
  if (root?.kind !== 'map') return [];
  return ownEntries(root).map((section) => {
    const kind = entryKinds[section.key];
    const children = kind === undefined ? [] : ownEntries(section.value).map((entry) => symbolOf(file, entry, kind, aboutEntry(section.key, entry)));
    return { ...symbolOf(file, section, kind === undefined ? SymbolKind.Property : SymbolKind.Namespace, scalarText(section.value)), children };
  });
}

function symbolOf(file: LanguageFile, { key, keyRange, value }: MapEntry, kind: SymbolKind, detail: string): DocumentSymbol {
  const range = file.rangeOf(trimmedRange(file.text, { start: keyRange.start, end: Math.max(keyRange.end, value.range.end) }));
  return { name: key === '' ? '""' : key, kind, range, selectionRange: file.rangeOf(keyRange), ...(detail === '' ? {} : { detail }) };
}

function aboutEntry(section: string, { value }: MapEntry): string {
  const text = (key: string): string => scalarText(entryOf(value, key)?.value);
  switch (section) {
    case 'steps':
    case 'on-failure':
      return [text('uses'), text('queue') === '' ? '' : `in ${text('queue')}`].filter((part) => part !== '').join(' ');
    case 'queues':
      return text('rate');
    case 'connections':
      return text('host');
    default:
      return text('type');
  }
}

/** What aliases and merge keys bring in stands elsewhere in the text, and has its symbols there. */
function ownEntries(node: DocumentNode): readonly MapEntry[] {
  return node.kind === 'map' ? node.entries.filter(({ keyRange }) => keyRange.start >= node.range.start && keyRange.end <= node.range.end) : [];
}

function scalarText(node: DocumentNode | undefined): string {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value).slice(0, 80) : '';
}
