import { nodeAt, pathAt, type MapEntry, type MapNode } from '../../workflow/document.ts';
import { nearestName } from '../../workflow/nearest-name.ts';
import { changeHere, type Fixer, type FixContext } from './fix.ts';
import { removeEntry, replaceScalar } from './yaml-edit.ts';
import { message } from '../../wording/message.ts';

/** A key that has no business here goes, with what it says. */
export const removeKeyFix: Fixer = (context) => {
  const found = unknownKeyAt(context);
  return found === undefined ? [] : changeHere(context, message("Remove '{key}'", { key: found.entry.key }), removeEntry(context.text, found.map, found.entry), { isSafe: false });
};

/** A key whose right name stands beside it takes that one's place. Which of the two is out of date, only a person can tell. */
export const takePlaceFix: Fixer = (context) => {
  const { file, text, finding } = context;
  const found = unknownKeyAt(context);
  if (found === undefined || finding.suggestions !== undefined) return [];
  const { map, entry } = found;
  const isUnknown = ({ keyRange }: MapEntry): boolean => file.analysed.analysis.diagnostics.some(({ code, range }) => code === finding.code && range.start === keyRange.start);
  const known = map.entries.filter((one) => !isUnknown(one));
  const name = nearestName(entry.key, known.map(({ key }) => key));
  const taken = known.find(({ key }) => key === name);
  const removal = taken && removeEntry(text, map, taken);
  if (taken === undefined || removal === undefined) return [];
  return [{ title: message("Change to '{key}' and remove the other", { key: taken.key }), changes: [{ path: file.path, changes: [removal, replaceScalar(text, entry.keyRange, taken.key)] }], isSafe: false }];
};

function unknownKeyAt({ root, finding: { range } }: FixContext): { readonly map: MapNode; readonly entry: MapEntry } | undefined {
  const map = nodeAt(root, pathAt(root, range.start).slice(0, -1));
  if (map?.kind !== 'map') return undefined;
  const entry = map.entries.find(({ keyRange }) => keyRange.start === range.start);
  return entry && { map, entry };
}
