import { nodeAt, pathAt, type DocumentNode, type MapEntry, type MapNode } from '../../workflow/document.ts';
import { changeHere, type FixContext, type Fixer } from './fix.ts';
import { removeEntry } from './yaml-edit.ts';
import { message } from '../../wording/message.ts';

/** Of a key that stands twice, one goes: a person chooses, unless both say the same or one says nothing. */
export const duplicateKeyFix: Fixer = (context) => {
  const { text, file } = context;
  const found = repeatedAt(context);
  if (found === undefined) return [];
  const { map, first, second } = found;
  const written = ({ value: { range } }: MapEntry): string => text.slice(range.start, range.end).trim();
  const [kept, again] = [written(first), written(second)];
  const isSame = kept === again;
  const remove = (isFirst: boolean, entry: MapEntry, preferred: boolean): ReturnType<Fixer> => {
    const told = { key: entry.key, line: file.lines.positionAt(entry.keyRange.start).line };
    const title = isFirst ? message("Remove the first '{key}', of line {line}", told) : message("Remove this '{key}', of line {line}", told);
    return changeHere(context, title, removeEntry(text, map, entry), { preferred, isSafe: isSame });
  };
  const secondIsNothing = isNothing(again) || isSame;
  return [...remove(false, second, secondIsNothing), ...remove(true, first, isNothing(kept) && !secondIsNothing)];
};

function isNothing(written: string): boolean {
  return ['', '{}', '[]', '~', 'null'].includes(written);
}

function repeatedAt({ root, finding: { range } }: FixContext): { readonly map: MapNode; readonly first: MapEntry; readonly second: MapEntry } | undefined {
  const path = pathAt(root, range.start);
  // A block's value reaches to the next key, so the path may lead into what stands before it.
  for (let length = path.length; length >= 0; length -= 1) {
    const map = asMap(nodeAt(root, path.slice(0, length)));
    const second = map?.repeated?.find(({ keyRange }) => keyRange.start === range.start);
    const first = map?.entries.find(({ key }) => key === second?.key);
    if (map !== undefined && first !== undefined && second !== undefined) return { map, first, second };
  }
  return undefined;
}

function asMap(node: DocumentNode | undefined): MapNode | undefined {
  return node?.kind === 'map' ? node : undefined;
}
