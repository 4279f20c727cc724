import { message } from '../../wording/message.ts';
import { entryAt, entryOf, type MapEntry, nodeAt, pathAt } from '../../workflow/document.ts';
import { changeHere, type Fix, type FixContext, type Fixer } from './fix.ts';
import { addEntry, removeEntry, removeItem } from './yaml-edit.ts';

/** An alert for the first dead letter of a queue. */
export const deadLetterAlertFix: Fixer = (context) => {
  const { root, text, finding } = context;
  const queue = entryAt(root, pathAt(root, finding.range.start));
  if (queue === undefined) return [];
  const alerts = entryOf(queue.value, 'alerts');
  const change = alerts === undefined ? addEntry(text, queue, { key: 'alerts', value: '{ dead-letters: { error: 1 } }' }) : addEntry(text, alerts, { key: 'dead-letters', value: '{ error: 1 }' });
  return changeHere(context, message('Alert on dead letters'), change, { preferred: true, isSafe: false });
};

/** A key made of the whole item, which tells apart what is not the same. */
export const dedupeFix: Fixer = (context) => {
  const { root, text, finding } = context;
  const path = pathAt(root, finding.range.start);
  const holder = entryAt(root, path);
  if (holder?.value.kind !== 'map') return [];
  if (path.at(-1) === 'webhook') return changeHere(context, message('Tell events apart by their id'), addEntry(text, holder, { key: 'dedupe', value: '"${{ trigger.body.id }}"' }), { preferred: true, isSafe: false });
  const as = nodeAt(holder.value, ['as']);
  const item = as?.kind === 'scalar' && typeof as.value === 'string' ? as.value : 'item';
  return changeHere(context, message('Tell items apart by all that they hold'), addEntry(text, holder, { key: 'key', value: `"\${{ hash(${item}) }}"` }), { preferred: true, isSafe: false });
};

/** A dollar sign, and the value behind it. */
export const escapedExpressionFix: Fixer = (context) => {
  const { root, text, finding: { range } } = context;
  const node = nodeAt(root, pathAt(root, range.start));
  const written = text.slice(range.start, range.end);
  if (node?.kind !== 'scalar' || !written.startsWith('$${{')) return [];
  const sign = node.style === 'single-quoted' ? "${{ ''$'' }}" : "${{ '$' }}";
  return changeHere(context, message('Send a dollar sign and the value'), { range, text: `${sign}${written.slice(1)}` }, { isSafe: false });
};

/** The braces of an expression around what is between others. */
export const otherBracesFix: Fixer = (context) => {
  const { text, finding: { range } } = context;
  const [, source] = /^(?:\$\s+)?(?:\{\{|[$%]\{)\s*([^{}]*?)\s*\}\}?$/.exec(text.slice(range.start, range.end)) ?? [];
  if (source === undefined) return [];
  const written = `\${{ ${source} }}`;
  return changeHere(context, message('Write {code}', { code: written }), { range, text: written }, { preferred: true, isSafe: false });
};

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
