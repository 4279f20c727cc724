import { actionDefinitions } from '../../workflow/actions/action-definitions.ts';
import { entryAt, entryOf, nodeAt, pathAt, type DocumentPath, type MapEntry } from '../../workflow/document.ts';
import { changeHere, type Fix, type FixContext, type Fixer } from './fix.ts';
import { addEntry, addRootEntry, type NewEntry } from './yaml-edit.ts';
import { message } from '../../wording/message.ts';

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
    ...changeHere(context, message('Go on when an item fails: on-item-failure: continue'), addEntry(context.text, holder, { key: 'on-item-failure', value: 'continue' }), { preferred: true, isSafe: false }),
    ...changeHere(context, message('Fail the step when an item fails: on-item-failure: fail'), addEntry(context.text, holder, { key: 'on-item-failure', value: 'fail' }), { isSafe: false }),
  ];
}

function firstStep(context: FixContext): readonly Fix[] {
  const entry: NewEntry = { key: 'steps', value: '{}', block: ['fetch:', '  uses: http/request', '  with:', '    url: https://example.com'] };
  return changeHere(context, message("Add 'steps'"), addRootEntry(context.text, context.root, entry, 'on-failure'), { preferred: true, isSafe: false });
}

function added(context: FixContext, holder: MapEntry, entry: NewEntry): readonly Fix[] {
  const uses = entryOf(holder.value, 'uses');
  // What an action must be given stands in `with`, which isn't there yet.
  const isInput = uses !== undefined && requiredOf(uses.value.kind === 'scalar' ? uses.value.value : undefined).includes(entry.key);
  const below = isInput ? entryOf(holder.value, 'with') : undefined;
  const change = isInput && below === undefined ? addEntry(context.text, holder, { key: 'with', value: `{ ${entry.key}: ${entry.value} }` }) : addEntry(context.text, below ?? holder, entry);
  return changeHere(context, message("Add '{key}'", { key: entry.key }), change, { preferred: true, isSafe: false });
}

function sampleOf({ project }: FixContext, key: string): string | undefined {
  if (key === 'connection') return [...project.analysis.connections.keys()][0];
  return samples[key];
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
