import type { ConnectionState, ConnectionStateKind } from '../../client/connection-state.ts';
import { commands, views } from '../base/ids.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { Target } from '../base/target.ts';
import { clientFaultText } from '../wording/client-fault-text.ts';
import { lastStopText } from '../wording/daemon.ts';
import { formatNumber, say } from '../wording/language.ts';
import { commandLink, escapeMarkdown } from '../wording/outside-text.ts';
import { alertName, alertText, forecastPart, presentAlerts, rateUsedText, waitingIn } from '../wording/queue.ts';

export type Severity = 'rest' | 'warning' | 'error';

/** What the status bar knows of one project. */
export interface ProjectHealth {
  /** The folder's name. */
  readonly name: string;
  /** As a URI. */
  readonly folder: string;
  readonly connection: ConnectionState;
  readonly status: DaemonStatus | undefined;
  readonly queues: readonly QueueView[];
}

export interface Health {
  /** With a codicon in front. */
  readonly text: string;
  readonly severity: Severity;
  /** Nothing waits, is active or dead. */
  readonly isEmpty: boolean;
  /** Sentences that say why it isn't at rest, the gravest first, and then what waits for a daemon that was stopped. */
  readonly reasons: readonly string[];
  /** The whole, as it is read aloud. */
  readonly label: string;
  /** Where a click leads: the queue of the gravest reason; undefined if no queue is the reason. */
  readonly target?: Target;
}

/**
 * What the status bar says about all projects of the window. A queue is a warning or an error where it has crossed a threshold of its
 * `alerts`; so is a store that is not writable, or a daemon that died. That no daemon runs is neither: nobody has asked for one.
 */
export function healthOf(projects: readonly ProjectHealth[], nowMs: number): Health {
  const faults = projects.flatMap((project) => faultsOf(project, nowMs));
  const errors = faults.filter(({ severity }) => severity === 'error');
  const severity = errors.length > 0 ? 'error' : faults.length > 0 ? 'warning' : 'rest';
  const ordered = [...errors, ...faults.filter((fault) => fault.severity === 'warning')];
  const queues = projects.flatMap((project) => project.queues);
  const waiting = queues.reduce((sum, queue) => sum + waitingIn(queue) + queue.depth.active, 0);
  const dead = queues.reduce((sum, { depth }) => sum + depth.dead, 0);
  const lefts = projects.flatMap(({ name, connection }) => (connection.kind === 'stopped' && connection.left !== undefined ? [{ name, left: connection.left }] : []));
  const notes = lefts.flatMap(({ name, left }) => lastStopText(left, name) ?? []);
  const left = lefts.reduce((sum, one) => sum + one.left.waiting, 0);
  const state = stateWords(projects) ?? say('{count, plural, one {# job in the queues} other {# jobs in the queues}}', { count: waiting });
  const deadWords = dead === 0 ? [] : [say('{count, plural, one {# dead letter} other {# dead letters}}', { count: dead })];
  const ending = queues.flatMap(({ name, alerts }) => alerts.filter(({ endsAt }) => endsAt !== undefined).map((alert) => alertText(name, alert, nowMs)));
  const reasons = [...ordered.map(({ reason }) => reason), ...ending, ...notes];
  const target = ordered[0]?.target;
  return {
    text: textOf(projects, severity, { waiting, dead, left, short: ordered[0]?.short }),
    severity,
    isEmpty: waiting + dead === 0,
    reasons,
    label: [say('Sluice: {state}', { state }), ...deadWords, ...reasons].join('. '),
    ...(target === undefined ? {} : { target }),
  };
}

interface Fault {
  readonly severity: 'warning' | 'error';
  readonly reason: string;
  /** In a few words, for if there is no number to show. */
  readonly short?: string;
  readonly target?: Target;
}

function faultsOf({ name, folder, connection, status, queues }: ProjectHealth, nowMs: number): Fault[] {
  const faults: Fault[] = [];
  if ('crashed' in connection && connection.crashed) faults.push({ severity: 'error', reason: say('The daemon of {name} crashed; its jobs wait.', { name }) });
  if ((connection.kind === 'stopped' || connection.kind === 'gone') && connection.problem !== undefined) faults.push({ severity: 'error', reason: clientFaultText(connection.problem) });
  if (status?.store.ok === false) faults.push({ severity: 'error', reason: say('The store of {name} is not writable: {problem}', { name, problem: status.store.problem ?? '' }) });
  if (status?.webhooks?.state === 'trouble') faults.push({ severity: 'error', reason: say('{name}: {problem}', { name, problem: status.webhooks.problem ?? '' }), short: say('webhooks') });
  if (connection.kind === 'incompatible') faults.push({ severity: 'warning', reason: say('The daemon of {name} has version {version}, which this extension does not work with.', { name, version: connection.status.version }) });
  for (const queue of queues) {
    const target = { folder, queue: queue.name };
    faults.push(...presentAlerts(queue.alerts).map((alert) => ({ severity: alert.severity, reason: alertText(queue.name, alert, nowMs), target, short: `${queue.name}: ${alertName(alert.kind)}` })));
    if (queue.maxDepth !== undefined && waitingIn(queue) >= queue.maxDepth) faults.push({ severity: 'warning', reason: say('{queue} is full and takes no more jobs.', { queue: queue.name }), target });
  }
  return faults;
}

/** `left`: jobs that wait for daemons that were stopped. */
function textOf(projects: readonly ProjectHealth[], severity: Severity, { waiting, dead, left, short }: { readonly waiting: number; readonly dead: number; readonly left: number; readonly short: string | undefined }): string {
  const kinds = projects.map(({ connection }) => connection.kind);
  const isAnyConnected = kinds.includes('connected') || kinds.includes('reconnecting');
  if (kinds.includes('starting')) return '$(sync~spin) Sluice';
  if (!isAnyConnected && severity === 'error') return '$(error) Sluice';
  if (!isAnyConnected) return left === 0 ? '$(circle-slash) Sluice' : `$(circle-slash) ${say('{left} waiting', { left })}`;
  const icon = severity === 'error' ? 'error' : severity === 'warning' ? 'warning' : kinds.includes('reconnecting') ? 'sync~spin' : 'inbox';
  // A nought in red would say that nothing is wrong.
  if (waiting + dead === 0 && short !== undefined) return `$(${icon}) ${short}`;
  const count = formatNumber(waiting);
  return `$(${icon}) ${dead === 0 ? count : say('{count} · {dead} dead', { count, dead })}`;
}

function stateWords(projects: readonly ProjectHealth[]): string | undefined {
  const kinds = projects.map(({ connection }) => connection.kind);
  if (kinds.includes('starting')) return say('the daemon is starting');
  if (kinds.includes('reconnecting')) return say('looking for the daemon');
  if (!kinds.includes('connected')) return say('no daemon runs');
  return undefined;
}

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
  const head = [`| ${[say('Queue'), say('Waiting'), say('Active'), say('Dead'), say('Rate'), say('State')].map(spaced).join(' | ')} |`, '|:--|--:|--:|--:|:--|:--|'];
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
  if (paused) return `$(debug-pause) ${say('paused')}`;
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
  if (kinds.has('connected')) parts.push(commandLink(say('Run a workflow'), commands.runWorkflow));
  if (kinds.has('stopped')) parts.push(commandLink(say('Start the daemon'), commands.startDaemon));
  if (kinds.has('incompatible')) parts.push(commandLink(say('Restart the daemon'), commands.restartDaemon));
  parts.push(commandLink(say('Show the log'), commands.showLog));
  return parts.join(' · ');
}

/** How long a warning or an error stays after its cause has gone. */
const dwellMs = 10_000;

const rank: Readonly<Record<Severity, number>> = { rest: 0, warning: 1, error: 2 };

/** Keeps the colour of the status bar from blinking: it rises immediately, and falls when it has been lower for ten seconds on end. */
export class SteadySeverity {
  #shown: Severity = 'rest';
  /** Since when it could have been lower, and the highest that it has been since. */
  #lower: { readonly sinceMs: number; readonly highest: Severity } | undefined;

  /** The cause has gone for good. */
  reset(): void {
    this.#shown = 'rest';
    this.#lower = undefined;
  }

  /** What to show now. `againInMs`: when to ask again, where nothing else happens. */
  next(severity: Severity, nowMs: number): { readonly shown: Severity; readonly againInMs?: number } {
    if (rank[severity] >= rank[this.#shown]) {
      this.#shown = severity;
      this.#lower = undefined;
      return { shown: severity };
    }
    const lower = this.#lower ?? { sinceMs: nowMs, highest: severity };
    const highest = rank[severity] > rank[lower.highest] ? severity : lower.highest;
    const leftMs = lower.sinceMs + dwellMs - nowMs;
    if (leftMs > 0) {
      this.#lower = { sinceMs: lower.sinceMs, highest };
      return { shown: this.#shown, againInMs: leftMs };
    }
    this.#shown = highest;
    this.#lower = undefined;
    return rank[severity] < rank[highest] ? this.next(severity, nowMs) : { shown: highest };
  }
}
