import type { BulkAction, BulkView, ReplayTally } from '../../../schemas/protocol/bulk.ts';
import type { Result } from '../../../schemas/protocol/method.ts';
import { replayedMessage, tallyMessages, wouldReplayMessage } from '../../../schemas/wording/replay.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatCount, formatNumber, formatTime, oneLine, say, textOf } from './format.ts';
import { renderTable, type Column } from './table.ts';

const moved: Readonly<Record<BulkAction, string>> = { replay: 'replayed', discard: 'discarded', cancel: 'cancelled', retry: 'made due', 'cancel-runs': 'cancelled', export: 'exported' };

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
  const { id, action, state, done, total, skipped, takenBack, rate, lastDueAt, problem, file } = bulk;
  const counts = [`${formatNumber(done)} of ${formatCount(total, action === 'cancel-runs' ? 'run' : 'job')} ${moved[action]}`];
  if (skipped > 0) counts.push(skippedText(action, skipped));
  if (takenBack > 0 && outcome === undefined) counts.push(`${formatNumber(takenBack)} taken back`);
  const lines = [`${id}  ${view.style('bold', state)}  ${counts.join('; ')}.`];
  if (rate !== undefined && lastDueAt !== undefined && isLastStillDue(bulk, outcome, view)) lines.push(`At ${rate}, the last of them is due at ${formatTime(lastDueAt, view)} (${formatAge(lastDueAt, view)}).`);
  if (outcome !== undefined) lines.push(`Of those that were replayed: ${renderTally(outcome, view, takenBack)}.`);
  if (file !== undefined) lines.push(state === 'done' ? `The file is ${file}.` : `The file would be ${file}.`);
  if (problem !== undefined) lines.push(`It failed: ${oneLine(problem)}`);
  if (state === 'held') lines.push(`It waits: \`sluice bulk continue ${id}\` continues with the rest, \`sluice bulk cancel ${id}\` leaves the rest as it is.`);
  else if (state === 'running') lines.push(`It continues by itself; \`sluice bulk cancel ${id}\` ends it.`);
  return lines.join('\n');
}

/** Not once its time has passed, or what waited for it was taken back, by this work or by a person. */
function isLastStillDue({ state, takenBack, lastDueAt = '' }: BulkView, outcome: ReplayTally | undefined, view: View): boolean {
  if (state === 'taking-back' || takenBack > 0 || Date.parse(lastDueAt) <= view.now) return false;
  return outcome === undefined || outcome.waiting > 0;
}

/** `sluice dead export --output`. */
export function renderExported(bulk: BulkView, view: View): string {
  const { state, total, done, skipped, edited, file = '' } = bulk;
  if (total === 0) return 'There are no dead letters to export. No file was written.';
  if (state !== 'done') return renderBulk(bulk, undefined, view);
  const parts = [say('{count, plural, one {# dead letter exported to {file}.} other {# dead letters exported to {file}.}}', { count: done, file })];
  if (edited > 0) parts.push(say('{count, plural, one {# has a saved edit, which is its `payload` in the file.} other {# have saved edits, which are their `payload` in the file.}}', { count: edited }));
  if (skipped > 0) parts.push(say('{count, plural, one {# was skipped, because it is no longer a dead letter.} other {# were skipped, because they are no longer dead letters.}}', { count: skipped }));
  return parts.join(' ');
}

function skippedText(action: BulkAction, skipped: number): string {
  return action === 'replay'
    ? say('{skipped, plural, one {# skipped, because it was in another state by then, or continues with its child run} other {# skipped, because they were in another state by then, or continue with their child runs}}', { skipped })
    : say('{skipped, plural, one {# skipped, because it was in another state by then} other {# skipped, because they were in another state by then}}', { skipped });
}

/** `sluice dead replay --dry-run`, and what is asked about. */
export function renderSelected({ selected, edited }: Pick<Result<'dead/replay'>, 'selected' | 'edited'>): string {
  return selected === 0 ? 'There is nothing to replay.' : textOf(wouldReplayMessage(selected, edited));
}

export function renderReplayed({ replayed, edited, lastDueAt }: Pick<Result<'dead/replay'>, 'replayed' | 'edited' | 'lastDueAt'>, view: View): string {
  if (replayed === 0) return 'There was nothing to replay.';
  const next =
    lastDueAt === undefined
      ? '`sluice queues` shows the progress.'
      : say('{count, plural, =1 {It is due at {time} ({age}).} other {They are due one by one, the last at {time} ({age}).}}', { count: replayed, time: formatTime(lastDueAt, view), age: formatAge(lastDueAt, view) });
  return `${textOf(replayedMessage(replayed, edited))} ${next}`;
}

/** What has become of those that were replayed: never more than is known. `takenBack`: of those that are dead letters again. */
export function renderTally(tally: ReplayTally, view: View, takenBack = 0): string {
  const counts = tallyMessages(tally, { nowMs: view.now, time: (time) => formatTime(time, view), takenBack }).map(textOf).join(', ');
  return tally.error === undefined ? counts : `${counts} (${oneLine(tally.error.cause)})`;
}

export function renderDiscarded(discarded: number): string {
  return discarded === 0 ? 'There was nothing to discard.' : say('{count, plural, one {# dead letter discarded.} other {# dead letters discarded.}}', { count: discarded });
}

/** What `sluice dead replay --from` answers with. */
export interface EditsReplayed {
  /** Dead letters whose payload was edited. */
  readonly selected: number;
  readonly unchanged: number;
  readonly replayed: number;
  readonly ids: readonly string[];
  /** Those that were no longer dead letters when it came to them. */
  readonly skipped: readonly string[];
}

export function renderEditsPlanned({ selected, unchanged }: EditsReplayed): string {
  if (selected === 0) return unchanged === 0 ? 'There is nothing in it to replay.' : 'Every payload is as its job has it: there is nothing to replay.';
  const edited = say('{count, plural, one {# payload was edited.} other {# payloads were edited.}}', { count: selected });
  const others = say('{count, plural, one {# other is as its job has it, and is left alone.} other {# others are as their jobs have them, and are left alone.}}', { count: unchanged });
  return unchanged === 0 ? edited : `${edited} ${others}`;
}

export function renderEditsReplayed({ selected, replayed, skipped }: EditsReplayed): string {
  const rest = skipped.length === 0 ? '' : `\nSkipped, because they are no longer dead letters: ${skipped.join(', ')}.`;
  const done = say('{selected, plural, one {{replayed} of # edited dead letter went back to its queue.} other {{replayed} of # edited dead letters went back to their queues.}}', { selected, replayed });
  return `${done}${rest}`;
}
