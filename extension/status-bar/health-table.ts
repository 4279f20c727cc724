import * as l10n from '@vscode/l10n';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { ConnectionStateKind } from '../../client/connection-state.ts';
import { commands, views } from '../ids.ts';
import type { Target } from '../target.ts';
import { alertName, forecastPart, presentAlerts, rateUsedText, waitingIn } from '../wording/queue.ts';
import { commandLink, escapeMarkdown } from '../wording/outside-text.ts';
import { formatNumber, say } from '../wording/language.ts';

export interface TableProject {
  readonly name: string;
  /** As a URI. */
  readonly folder: string;
  readonly state: ConnectionStateKind;
  readonly queues: readonly QueueView[];
}

/** Every command that the table links to. */
export const healthCommands: readonly string[] = [commands.showQueue, commands.runWorkflow, commands.startDaemon, commands.restartDaemon, commands.showLog, `${views.deadLetters}.focus`];

/** A tooltip of a hundred rows helps nobody. */
const maxRows = 12;
const maxReasons = 5;

/** The status bar's tooltip, as Markdown with codicons and links: why it is coloured, a row for each queue, and what can be done. */
export function healthTable(projects: readonly TableProject[], reasons: readonly string[]): string {
  const several = projects.length > 1;
  const rows = projects.flatMap(({ name, folder, queues }) => queues.map((queue) => ({ queue, project: several ? name : undefined, target: { folder, queue: queue.name } })));
  const sorted = rows.toSorted((one, other) => rankOf(other.queue) - rankOf(one.queue));
  const head = [`| ${[l10n.t('Queue'), l10n.t('Waiting'), l10n.t('Active'), l10n.t('Dead'), l10n.t('Rate'), l10n.t('State')].map(spaced).join(' | ')} |`, '|:--|--:|--:|--:|:--|:--|'];
  const more = rows.length > maxRows ? ['', say('{count, plural, one {and # more queue} other {and # more queues}}', { count: rows.length - maxRows })] : [];
  const table = rows.length === 0 ? [] : [...head, ...sorted.slice(0, maxRows).map(({ queue, project, target }) => rowOf(queue, project, target)), ...more, ''];
  return [...reasons.slice(0, maxReasons).flatMap((reason) => [escapeMarkdown(reason), '']), ...table, links(projects)].join('\n');
}

function rowOf(queue: QueueView, project: string | undefined, target: Target): string {
  const { name, depth } = queue;
  const label = escapeMarkdown(project === undefined ? name : `${project}: ${name}`);
  const dead = formatNumber(depth.dead);
  const cells = [
    commandLink(label, commands.showQueue, target),
    formatNumber(waitingIn(queue)),
    formatNumber(depth.active),
    depth.dead === 0 ? dead : commandLink(dead, `${views.deadLetters}.focus`),
    escapeMarkdown(rateUsedText(queue) ?? ''),
    stateOf(queue),
  ];
  return `| ${cells.map(spaced).join(' | ')} |`;
}

/** VS Code sets the columns of a table so close that headings read as one word. */
function spaced(cell: string, column: number): string {
  return column === 0 ? cell : `&nbsp;&nbsp;&nbsp;${cell}`;
}

/** With an icon in front of the words, so that it can be told without either. */
function stateOf({ paused, alerts, forecast }: QueueView): string {
  const [worst] = presentAlerts(alerts);
  if (worst !== undefined) return `$(${worst.severity}) ${escapeMarkdown(alertName(worst.kind))}`;
  if (paused) return `$(debug-pause) ${l10n.t('paused')}`;
  return escapeMarkdown(forecastPart(forecast) ?? '');
}

function rankOf({ alerts, depth }: QueueView): number {
  const [worst] = presentAlerts(alerts);
  if (worst !== undefined) return worst.severity === 'error' ? 3 : 2;
  return depth.dead > 0 ? 1 : 0;
}

function links(projects: readonly TableProject[]): string {
  const kinds = new Set(projects.map(({ state }) => state));
  const parts: string[] = [];
  if (kinds.has('connected')) parts.push(commandLink(l10n.t('Run a workflow'), commands.runWorkflow));
  if (kinds.has('stopped')) parts.push(commandLink(l10n.t('Start the daemon'), commands.startDaemon));
  if (kinds.has('incompatible')) parts.push(commandLink(l10n.t('Restart the daemon'), commands.restartDaemon));
  parts.push(commandLink(l10n.t('Show the log'), commands.showLog));
  return parts.join(' · ');
}
