import { nodeAt, pathAt } from '../../workflow/document.ts';
import { changeHere, type Fixer } from './fix.ts';
import { removeEntry } from './yaml-edit.ts';

/** A key that has no business here goes, with what it says. */
export const removeKeyFix: Fixer = (context) => {
  const { root, text, finding } = context;
  const path = pathAt(root, finding.range.start);
  const map = nodeAt(root, path.slice(0, -1));
  if (map?.kind !== 'map') return [];
  const entry = map.entries.find(({ keyRange }) => keyRange.start === finding.range.start);
  return entry === undefined ? [] : changeHere(context, `Remove '${entry.key}'`, removeEntry(text, map, entry));
};
