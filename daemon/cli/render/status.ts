import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import type { LastStop } from '../../../schemas/protocol/last-stop.ts';
import type { View } from '../terminal.ts';
import { renderFields } from './fields.ts';
import { formatDuration } from '../../../schemas/wording/amount.ts';
import { formatBytes, formatCount, formatNumber, formatTime, oneLine, say } from './format.ts';
import { renderQueues } from './queues.ts';

/** `sluice status`: is it well, and what is it doing. */
export function renderStatus(status: DaemonStatus, view: View): string {
  const { style } = view;
  const { store, machine } = status;
  const atATime = machine?.limit === undefined ? '' : `; at most ${formatNumber(machine.limit)} are made at a time`;
  const health = store.ok ? style('green', 'running') : style('red', 'running, but accepts nothing');
  const fields: (readonly [string, string])[] = [
    ['daemon', `${health}, pid ${status.pid}, version ${status.version}`],
    ['project', status.project],
    ['endpoint', status.endpoint],
    ['up', `${formatDuration(status.uptimeMs)}, since ${formatTime(status.startedAt, view)}`],
    ['store', store.ok ? `${formatBytes(store.bytes)}, durability ${status.durability}` : style('red', oneLine(store.problem ?? 'not available'))],
    ['runs', `${formatNumber(status.runs.running)} running`],
  ];
  if (machine !== undefined) fields.push(['machine', style('yellow', `${oneLine(machine.problem)} Attempts are put off and not charged${atATime}.`)]);
  if (status.lastCrash !== undefined) fields.push(['crash', style('yellow', crashText(status.lastCrash, view))]);
  if (status.problems > 0) fields.push(['files', style('red', `${formatCount(status.problems, 'error')}: sluice validate`)]);
  if (status.lateOutcomes > 0) fields.push(['late outcomes', `${formatNumber(status.lateOutcomes)} refused`]);
  return `${renderFields(fields, view)}\n\n${renderQueues(status.queues, view)}`;
}

function crashText({ aliveAt, interrupted, jobs }: NonNullable<DaemonStatus['lastCrash']>, view: View): string {
  const ended = `The daemon before this one ended without being stopped; its last sign of life was at ${formatTime(aliveAt, view)}.`;
  if (interrupted === 0) return `${ended} Nothing was under way.`;
  const more = interrupted > jobs.length ? ` and ${formatNumber(interrupted - jobs.length)} more` : '';
  const was = say(
    '{count, plural, =1 {One attempt was under way and is made again; its call may have had its effect: {list}.} other {# attempts were under way and are made again; their calls may have had their effect: {list}.}}',
    { count: interrupted, list: `${jobs.join(', ')}${more}` },
  );
  return `${ended} ${was} sluice logs has the rest.`;
}

/** What waits for a daemon while none runs. */
export function renderLastStop({ at, waiting, dead }: LastStop, view: Pick<View, 'timeZone'>): string {
  const told = { time: formatTime(at, view), letters: dead === 0 ? '' : `, beside ${formatCount(dead, 'dead letter')}` };
  if (waiting === 0) return say('No job was waiting when it stopped at {time}{letters}.', told);
  return say('{waiting, plural, one {# job was waiting when it stopped at {time}{letters}.} other {# jobs were waiting when it stopped at {time}{letters}.}}', { waiting, ...told });
}
