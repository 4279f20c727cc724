import { entryOf, nodeAt, pathAt, type MapEntry } from '../../workflow/document.ts';
import { changeHere, type Fix, type FixContext, type Fixer } from './fix.ts';
import { addEntry, removeEntry, removeItem } from './yaml-edit.ts';
import { message } from '../../wording/message.ts';

/** `needs` without the step that is waited for anyway; the key goes with its last step. */
export const needlessNeedsFix: Fixer = (context) => {
  const { root, text, finding } = context;
  const path = pathAt(root, finding.range.start);
  const at = path.lastIndexOf('needs');
  const step = nodeAt(root, path.slice(0, at));
  const needs = entryOf(step, 'needs');
  if (at < 0 || step?.kind !== 'map' || needs === undefined) return [];
  const index = path[at + 1];
  const list = needs.value.kind === 'list' && needs.value.items.length > 1 ? needs.value : undefined;
  const isOnly = list === undefined;
  const change = isOnly ? removeEntry(text, step, needs) : removeItem(text, list, Number(index));
  const named = text.slice(finding.range.start, finding.range.end);
  return changeHere(context, isOnly ? message("Remove 'needs'") : message("Remove '{named}' from 'needs'", { named }), change, { preferred: true, isSafe: true });
};

/** `needs` without the step itself. Another step may have been meant. */
export const selfNeedsFix: Fixer = (context) => needlessNeedsFix(context).map((fix) => ({ ...fix, isSafe: false }));

/** `needs` for the steps that stand above, and don't wait for this one. */
export const missingNeedsFix: Fixer = (context) => {
  const { root, text, finding, file } = context;
  if (file.kind !== 'workflow') return [];
  const path = pathAt(root, finding.range.start);
  const [section, id] = path;
  const holder = typeof section === 'string' && typeof id === 'string' ? entryOf(entryOf(root, section)?.value, id) : undefined;
  if (holder === undefined) return [];
  const above = stepsAbove(context, String(section), holder);
  const waitFor = (names: readonly string[]): readonly Fix[] => changeHere(context, message('Wait for {list}', { list: names.map((name) => `'${name}'`).join(', ') }), addEntry(text, holder, { key: 'needs', value: `[${names.join(', ')}]` }), { preferred: names.length === above.length, isSafe: false });
  return above.length === 0 ? [] : [...waitFor(above), ...(above.length > 1 ? above.slice(-5).flatMap((name) => waitFor([name])) : [])];
};

function stepsAbove({ root, file }: FixContext, section: string, holder: MapEntry): readonly string[] {
  const steps = entryOf(root, section)?.value;
  const { analysed } = file;
  if (steps?.kind !== 'map' || analysed.kind !== 'workflow') return [];
  const known = analysed.analysis.steps;
  const waits = (name: string, seen: Set<string>): boolean => {
    if (name === holder.key) return true;
    if (seen.has(name)) return false;
    seen.add(name);
    return (known.get(name)?.step.needs ?? []).some((other) => waits(other, seen));
  };
  return steps.entries.slice(0, steps.entries.indexOf(holder)).flatMap(({ key }) => (waits(key, new Set()) ? [] : [key]));
}
