import { entryAt, entryOf, nodeAt, pathAt } from '../../workflow/document.ts';
import { changeHere, type Fixer } from './fix.ts';
import { addEntry } from './yaml-edit.ts';
import { message } from '../../wording/message.ts';

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
