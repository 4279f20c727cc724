import type { Diagnostic, SourceRange } from '../diagnostic.ts';
import { nodeAt, pathAt, type DocumentNode, type DocumentPath, type MapEntry, type MapNode } from '../document.ts';
import { message, sentences } from '../../wording/message.ts';
import { english } from '../../wording/language.ts';

/** Nobody reads more of them than these, and each is held against the others. */
const mostWeighed = 300;

/** What is said of a key that has no business where it stands. What it was meant to be, and so what is missing, can't be told. */
function isStray({ severity, code }: Diagnostic): boolean {
  return severity === 'error' && (code === 'unknown-key' || code === 'duplicate-key');
}

/**
 * Leaves out errors that follow from another one, so that one mistake is one error:
 *
 * - of those with the same {@link Diagnostic.cause}, all but the first, which says how many there are; all where the name stands as an unknown key;
 * - what lies in the value of a key that is unknown: it was read in a place that it wasn't written for;
 * - a key that is missing from a map in which a key is unknown: it may be that one, misspelt or at the wrong depth;
 * - of several at one place, all but the first, and what lies within a value that is wrong as a whole.
 */
export function withoutFollowUps(diagnostics: readonly Diagnostic[], root: DocumentNode | undefined): readonly Diagnostic[] {
  if (diagnostics.length > mostWeighed) return oneOfEach(diagnostics);
  const all = diagnostics.filter(isStray);
  const stray = all.filter((one) => !followsStray(root, one, all));
  const strayValues = stray.flatMap(({ range }) => valueBehind(root, range) ?? []);
  const strayKeys = stray.flatMap(({ range }) => strayKeyAt(root, range) ?? []);
  const strayNames = new Set(strayKeys.map(({ name }) => name));
  const left = diagnostics.filter((one) => {
    if (isStray(one)) return stray.includes(one);
    if (one.severity !== 'error') return true;
    // What somebody misses may be there, at the wrong depth.
    if (one.cause !== undefined && strayNames.has(one.cause.slice(one.cause.indexOf(' ') + 1))) return false;
    if (strayValues.some((value) => isWithin(one.range, value))) return false;
    if (one.code === 'missing-key' && strayKeys.some((key) => mayBeMissing(root, one, key))) return false;
    if (isAboveStray(root, one.range, stray)) return false;
    // What a map lacks is said about all of it: the key that it has instead is the place to look at.
    return !stray.some(({ range }) => isWithin(range, one.range));
  });
  return oneOfEach(withoutNested(left));
}

/** A key behind another that is unknown: where nothing in their map is known or nearly known, and behind a key without a value, whose own they were meant to be. */
function followsStray(root: DocumentNode | undefined, one: Diagnostic, all: readonly Diagnostic[]): boolean {
  const map = keyAt(root, one.range)?.map;
  if (map === undefined) return false;
  const isUnknown = ({ keyRange }: MapEntry): boolean => all.some(({ range }) => range.start === keyRange.start);
  if (one.code === 'duplicate-key') return map.entries.some((entry) => entry.keyRange.start < one.range.start && isEmpty(entry.value) && isUnknown(entry));
  const index = map.entries.findIndex(({ keyRange }) => keyRange.start === one.range.start);
  if (index < 1) return false;
  if (map.entries.every(isUnknown) && all.every(({ range, suggestions }) => suggestions === undefined || !map.entries.some(({ keyRange }) => keyRange.start === range.start))) return true;
  const run = map.entries.slice(0, index).toReversed();
  const head = run.find((entry) => !isUnknown(entry) || isEmpty(entry.value));
  const [before] = run;
  return head !== undefined && isEmpty(head.value) && before !== undefined && isUnknown(before);
}

function isEmpty(node: DocumentNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

interface StrayKey {
  readonly name: string;
  /** Of the map that it is in. */
  readonly home: DocumentPath;
}

function strayKeyAt(root: DocumentNode | undefined, range: SourceRange): StrayKey | undefined {
  const found = keyAt(root, range);
  return found?.entry && { name: found.entry.key, home: found.home };
}

/** Whether a key that is missing may be there: in the same map by another name, or by its name in one around or within it. */
function mayBeMissing(root: DocumentNode | undefined, { range, message, missing }: Diagnostic, { name, home }: StrayKey): boolean {
  const found = pathAt(root, range.start);
  const node = nodeAt(root, found);
  // What needs another key beside it says so itself.
  const path = node?.kind === 'scalar' && !isEmpty(node) ? found.slice(0, -1) : found;
  const lacking = missing !== undefined && path.length === 1 && nodeAt(root, [])?.kind === 'map' && ['steps', 'queues', 'connections'].includes(missing) ? [] : path;
  const shared = Math.min(lacking.length, home.length);
  if (!lacking.slice(0, shared).every((part, index) => part === home[index])) return false;
  return lacking.length === home.length || english.textOf(message).includes(`'${name}'`);
}

/** Whether a range is that of a key without a value, and what follows is unknown: that is what it was meant to have. */
function isAboveStray(root: DocumentNode | undefined, range: SourceRange, stray: readonly Diagnostic[]): boolean {
  const found = keyAt(root, range);
  if (found?.entry === undefined || !isEmpty(found.entry.value)) return false;
  const next = found.map.entries[found.map.entries.indexOf(found.entry) + 1];
  return next !== undefined && stray.some((one) => one.range.start === next.keyRange.start);
}

/** The value of the key that is at a range. */
function valueBehind(root: DocumentNode | undefined, range: SourceRange): SourceRange | undefined {
  return keyAt(root, range)?.entry?.value.range;
}

interface KeyPlace {
  readonly map: MapNode;
  /** The path of the map. */
  readonly home: DocumentPath;
  /** Undefined for a key that appears there twice. */
  readonly entry: MapEntry | undefined;
}

/** The key that is at a range. */
function keyAt(root: DocumentNode | undefined, { start }: SourceRange): KeyPlace | undefined {
  const path = pathAt(root, start);
  // A block's value reaches to the next key, so the path may lead into what is before it.
  for (let length = path.length; length >= 0; length -= 1) {
    const home = path.slice(0, length);
    const map = nodeAt(root, home);
    if (map?.kind !== 'map') continue;
    const entry = map.entries.find(({ keyRange }) => keyRange.start === start);
    if (entry !== undefined || map.repeated?.some(({ keyRange }) => keyRange.start === start) === true) return { map, home, entry };
  }
  return undefined;
}

function withoutNested(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return diagnostics.filter((one) => one.severity !== 'error' || !errors.some((other) => other !== one && isWithin(one.range, other.range) && (!isSame(one.range, other.range) || errors.indexOf(other) < errors.indexOf(one))));
}

function oneOfEach(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const counts = new Map<string, number>();
  for (const { cause } of diagnostics) if (cause !== undefined) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const said = new Set<string>();
  return diagnostics.flatMap((one) => {
    const { cause } = one;
    if (cause === undefined) return [one];
    if (said.has(cause)) return [];
    said.add(cause);
    const more = (counts.get(cause) ?? 1) - 1;
    return [more === 0 ? one : { ...one, message: sentences(one.message, message('{more, plural, one {The same is wrong in # more place.} other {The same is wrong in # more places.}}', { more })) }];
  });
}

function isWithin(inner: SourceRange, outer: SourceRange): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function isSame(a: SourceRange, b: SourceRange): boolean {
  return a.start === b.start && a.end === b.end;
}
