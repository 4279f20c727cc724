import { message } from '../../wording/message.ts';
import { actionDefinitions } from '../../workflow/actions/action-definitions.ts';
import { type DocumentNode, type DocumentPath, entryAt, entryOf, type MapEntry, type MapNode, nodeAt, pathAt } from '../../workflow/document.ts';
import { nearestName } from '../../workflow/nearest-name.ts';
import { changeHere, type Fix, type FixContext, type Fixer } from './fix.ts';
import { addEntry, addRootEntry, type NewEntry, removeEntry, replaceScalar } from './yaml-edit.ts';

/** What a key that must be there can say, so that the file is right and it is plain what is to be filled in. */
const samples: Readonly<Record<string, string>> = {
  'on-item-failure': 'continue',
  url: 'https://example.com',
  to: 'someone@example.com',
  subject: 'Hello',
  text: 'Hello',
  host: 'smtp.example.com',
  type: 'smtp',
  cron: '"0 9 * * MON"',
  failures: '20',
  within: '1m',
  pause: '30s',
  for: '1d',
  file: 'data/app.db',
  query: 'select 1',
};

/** Adds a key that must be there. */
export const missingKeyFix: Fixer = (context) => {
  const { missing } = context.finding;
  if (missing === undefined) return [];
  if (missing === 'on-item-failure') return itemFailureFixes(context);
  if (missing === 'steps') return firstStep(context);
  const value = sampleOf(context, missing);
  const holder = value === undefined ? undefined : holderOf(context, missing);
  if (value === undefined || holder === undefined) return [];
  return added(context, holder, { key: missing, value });
};

/** Both answers, the one that loses nothing first. */
function itemFailureFixes(context: FixContext): readonly Fix[] {
  const holder = holderOf(context, 'on-item-failure');
  if (holder === undefined) return [];
  return [
    ...changeHere(context, message('Continue when an item fails: on-item-failure: continue'), addEntry(context.text, holder, { key: 'on-item-failure', value: 'continue' }), { preferred: true, isSafe: false }),
    ...changeHere(context, message('Fail the step when an item fails: on-item-failure: fail'), addEntry(context.text, holder, { key: 'on-item-failure', value: 'fail' }), { isSafe: false }),
  ];
}

function firstStep(context: FixContext): readonly Fix[] {
  const entry: NewEntry = { key: 'steps', value: '{}', block: ['fetch:', '  uses: http/request', '  with:', '    url: https://example.com'] };
  return changeHere(context, message("Add 'steps'"), addRootEntry(context.text, context.root, entry, 'on-failure'), { preferred: true, isSafe: false });
}

function added(context: FixContext, holder: MapEntry, entry: NewEntry): readonly Fix[] {
  const uses = entryOf(holder.value, 'uses');
  // What an action must be given is in `with`, which isn't there yet.
  const isInput = uses !== undefined && requiredOf(uses.value.kind === 'scalar' ? uses.value.value : undefined).includes(entry.key);
  const below = isInput ? entryOf(holder.value, 'with') : undefined;
  const change = isInput && below === undefined ? addEntry(context.text, holder, { key: 'with', value: `{ ${entry.key}: ${entry.value} }` }) : addEntry(context.text, below ?? holder, entry);
  return changeHere(context, message("Add '{key}'", { key: entry.key }), change, { preferred: true, isSafe: false });
}

function sampleOf(context: FixContext, key: string): string | undefined {
  if (key === 'connection') return [...context.project.analysis.connections.keys()][0];
  const holder = key === 'url' || key === 'type' ? holderOf(context, key)?.value : undefined;
  if (key === 'url' && isText(entryOf(holder, 'type')?.value, /^postgres$/)) return 'postgres://user@localhost:5432/app';
  if (key === 'type' && isText(entryOf(holder, 'url')?.value, /^postgres(?:ql)?:/)) return 'postgres';
  return samples[key];
}

function isText(node: DocumentNode | undefined, pattern: RegExp): boolean {
  return node?.kind === 'scalar' && typeof node.value === 'string' && pattern.test(node.value);
}

function requiredOf(action: unknown): readonly unknown[] {
  const required = actionDefinitions.find(({ name }) => name === action)?.input['required'];
  return Array.isArray(required) ? required : [];
}

/** A missing key is reported at the key that holds the map, or, where a list holds it, at the map's first key. */
function holderOf({ root, finding: { range } }: FixContext, missing: string): MapEntry | undefined {
  const path = pathAt(root, range.start);
  const entry = entryAt(root, path);
  if (entry === undefined) return undefined;
  if (entry.value.kind === 'map' || entry.value.kind === 'scalar' && entry.value.value === null) return entryOf(entry.value, missing) === undefined ? entry : undefined;
  return inList(root, path);
}

function inList(root: FixContext['root'], path: DocumentPath): MapEntry | undefined {
  const holder = nodeAt(root, path.slice(0, -1));
  return typeof path.at(-2) === 'number' && holder?.kind === 'map' ? { key: '', keyRange: { start: holder.range.start, end: holder.range.start }, value: holder } : undefined;
}

/** A key that has no business here goes, with what it says. */
export const removeKeyFix: Fixer = (context) => {
  const found = unknownKeyAt(context);
  return found === undefined ? [] : changeHere(context, message("Remove '{key}'", { key: found.entry.key }), removeEntry(context.text, found.map, found.entry), { isSafe: false });
};

/** A key whose right name is beside it takes that one's place. Which of the two is out of date, only a person can tell. */
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
  // A block's value reaches to the next key, so the path may lead into what is before it.
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
