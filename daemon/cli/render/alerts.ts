import type { AlertFacts, AlertMute, AlertReceiverView } from '../../../schemas/protocol/alert.ts';
import type { Result } from '../../../schemas/protocol/method.ts';
import { toldItemText } from '../../../schemas/wording/alert-receiver.ts';
import { formatDuration } from '../../../schemas/wording/amount.ts';
import type { View } from '../terminal.ts';
import { formatNumber, formatTime, oneLine, textOf } from './format.ts';
import { renderAlert } from './queues.ts';
import { type Column, renderTable } from './table.ts';
import { wrap } from './text-width.ts';

/** `sluice alerts`: what is crossed, who is told, and what has not arrived. */
export function renderAlerts({ raised, receivers, mutes, heartbeat }: Pick<Result<'alert/list'>, 'receivers' | 'mutes'> & { readonly raised: readonly AlertFacts[]; readonly heartbeat: Result<'alert/list'>['heartbeat'] }, view: View): string {
  const alerts = raised.length === 0 ? 'No threshold is crossed.' : raised.map((alert) => wrap(renderAlert(alert.queue, alert, view), view.width, 2)).join('\n');
  const told = receivers.length === 0 ? 'Nobody is told: `alerts` in .sluice/config.yaml names no receiver.' : [renderTable(receivers, columns(view), view), ...notesOf(receivers, view)].join('\n');
  return [alerts, told, ...(heartbeat === undefined ? [] : [wrap(heartbeatText(heartbeat, view), view.width, 2)]), ...(mutes.length === 0 ? [] : [mutes.map((mute) => wrap(renderMute(mute, view), view.width, 2)).join('\n')])].join('\n\n');
}

export function renderMute({ queue, until }: AlertMute, view: View): string {
  return until === undefined ? `Nobody is told of alerts of ${queue}: sluice alerts unmute ${queue}` : `Nobody is told of alerts of ${queue} until ${formatTime(until, view)}: sluice alerts unmute ${queue}`;
}

function heartbeatText({ calledAt, problem }: NonNullable<Result<'alert/list'>['heartbeat']>, view: View): string {
  const last = calledAt === undefined ? '' : ` It was last called at ${formatTime(calledAt, view)}.`;
  return problem === undefined ? `The heartbeat goes out.${last}` : view.style('red', `The heartbeat does not go out: ${oneLine(problem)}${last}`);
}

function columns(view: View): readonly Column<AlertReceiverView>[] {
  return [
    { title: 'RECEIVER', value: ({ name }) => oneLine(name), shrinkTo: 20 },
    { title: 'FROM', value: ({ from }) => from },
    { title: 'REPEAT', value: ({ repeatMs }) => (repeatMs === undefined ? '-' : formatDuration(repeatMs)), blank: '-', dropOrder: 0 },
    { title: 'LAST TOLD', value: ({ past: [last] }) => (last === undefined ? 'never' : formatTime(last.at, view)), format: ({ past: [last] }) => (last?.problem === undefined ? undefined : 'red') },
    { title: 'OF', value: ({ past: [last] }) => (last === undefined ? '' : lastText(last)), blank: '', shrinkTo: 16, dropOrder: 1 },
  ];
}

function lastText({ items, count }: AlertReceiverView['past'][number]): string {
  const [first] = items;
  if (first === undefined) return '';
  const text = oneLine(textOf(toldItemText(first)));
  return count > 1 ? `${text} and ${formatNumber(count - 1)} more` : text;
}

function notesOf(receivers: readonly AlertReceiverView[], view: View): readonly string[] {
  return receivers.flatMap(({ name, waiting, quiet }) => {
    const notes: string[] = [];
    if (waiting?.problem !== undefined) notes.push(view.style('red', `${oneLine(name)} could not be told since ${formatTime(waiting.failingSince ?? waiting.since, view)}: ${oneLine(waiting.problem)} The next attempt is at ${formatTime(waiting.nextAt, view)}.`));
    if (quiet === true) notes.push(`${oneLine(name)} has quiet hours now.`);
    return notes.map((note) => wrap(note, view.width, 2));
  });
}
