import type { BulkAction, BulkView } from '../../../schemas/protocol/bulk.ts';
import type { ReplayTally } from '../../../schemas/protocol/replay.ts';
import type { View } from '../terminal.ts';
import { renderTally } from './dead-letters.ts';
import { formatAge, formatCount, formatNumber, formatTime, oneLine, say } from './format.ts';
import { renderTable, type Column } from './table.ts';

const moved: Readonly<Record<BulkAction, string>> = { replay: 'replayed', discard: 'discarded', cancel: 'cancelled' };

/** `sluice bulk`. */
export function renderBulks(bulks: readonly BulkView[], view: View): string {
  if (bulks.length === 0) return 'There is no work on many jobs, and none has ended within the last week.';
  const columns: readonly Column<BulkView>[] = [
    { title: 'ID', value: ({ id }) => id },
    { title: 'ACTION', value: ({ action }) => action },
    { title: 'STATE', value: ({ state }) => state, format: ({ state }) => (state === 'failed' ? 'red' : state === 'held' ? 'yellow' : undefined) },
    { title: 'DONE', value: ({ done }) => formatNumber(done), align: 'right' },
    { title: 'OF', value: ({ total }) => formatNumber(total), align: 'right' },
    { title: 'SKIPPED', value: ({ skipped }) => formatNumber(skipped), align: 'right', blank: '0', dropOrder: 2 },
    { title: 'STARTED', value: ({ startedAt }) => formatAge(startedAt, view), dropOrder: 1 },
  ];
  return renderTable(bulks, columns, view);
}

/** `sluice bulk show`: what was done, exactly, and what can be done next. */
export function renderBulk(bulk: BulkView, outcome: ReplayTally | undefined, view: View): string {
  const { id, action, state, done, total, skipped, takenBack, rate, lastDueAt, problem } = bulk;
  const counts = [`${formatNumber(done)} of ${formatCount(total, 'job')} ${moved[action]}`];
  if (skipped > 0) counts.push(say('{skipped, plural, one {# skipped, because it was in another state by then} other {# skipped, because they were in another state by then}}', { skipped }));
  if (takenBack > 0) counts.push(`${formatNumber(takenBack)} taken back`);
  const lines = [`${id}  ${view.style('bold', state)}  ${counts.join('; ')}.`];
  if (rate !== undefined && lastDueAt !== undefined) lines.push(`At ${rate}, the last of them is due at ${formatTime(lastDueAt, view)} (${formatAge(lastDueAt, view)}).`);
  if (outcome !== undefined) lines.push(`Of those that were replayed: ${renderTally(outcome, view)}.`);
  if (problem !== undefined) lines.push(`It failed: ${oneLine(problem)}`);
  if (state === 'held') lines.push(`It waits: \`sluice bulk continue ${id}\` goes on with the rest, \`sluice bulk cancel ${id}\` leaves the rest as it is.`);
  else if (state === 'running') lines.push(`It goes on by itself; \`sluice bulk cancel ${id}\` ends it.`);
  return lines.join('\n');
}
