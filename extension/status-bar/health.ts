import * as l10n from '@vscode/l10n';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { ConnectionState } from '../../client/connection-state.ts';
import type { Target } from '../target.ts';
import { alertName, alertText, presentAlerts, waitingIn } from '../wording/queue.ts';
import { formatNumber, say } from '../wording/language.ts';
import { clientFaultText } from '../wording/client-fault-text.ts';
import { lastStopText } from '../wording/daemon.ts';

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
  /** Where a click leads: the queue of the gravest reason; undefined where no queue is the reason. */
  readonly target?: Target;
}

/**
 * What the status bar says about all projects of the window. A queue is a warning or an error where it has crossed a threshold of its
 * `alerts`; so is a store that takes nothing, or a daemon that died. That no daemon runs is neither: nobody has asked for one.
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
    label: [l10n.t('Sluice: {0}', state), ...deadWords, ...reasons].join('. '),
    ...(target === undefined ? {} : { target }),
  };
}

interface Fault {
  readonly severity: 'warning' | 'error';
  readonly reason: string;
  /** In a few words, for where there is no number to show. */
  readonly short?: string;
  readonly target?: Target;
}

function faultsOf({ name, folder, connection, status, queues }: ProjectHealth, nowMs: number): Fault[] {
  const faults: Fault[] = [];
  if ('crashed' in connection && connection.crashed) faults.push({ severity: 'error', reason: l10n.t('The daemon of {0} crashed; its jobs wait.', name) });
  if ((connection.kind === 'stopped' || connection.kind === 'gone') && connection.problem !== undefined) faults.push({ severity: 'error', reason: clientFaultText(connection.problem) });
  if (status?.store.ok === false) faults.push({ severity: 'error', reason: l10n.t('The store of {0} takes nothing: {1}', name, status.store.problem ?? '') });
  if (connection.kind === 'incompatible') faults.push({ severity: 'warning', reason: l10n.t('The daemon of {0} has version {1}, which this extension does not work with.', name, connection.status.version) });
  for (const queue of queues) {
    const target = { folder, queue: queue.name };
    faults.push(...presentAlerts(queue.alerts).map((alert) => ({ severity: alert.severity, reason: alertText(queue.name, alert, nowMs), target, short: `${queue.name}: ${alertName(alert.kind)}` })));
    if (queue.maxDepth !== undefined && waitingIn(queue) >= queue.maxDepth) faults.push({ severity: 'warning', reason: l10n.t('{0} is full and takes no more jobs.', queue.name), target });
  }
  return faults;
}

/** `left`: jobs that wait for daemons that were stopped. */
function textOf(projects: readonly ProjectHealth[], severity: Severity, { waiting, dead, left, short }: { readonly waiting: number; readonly dead: number; readonly left: number; readonly short: string | undefined }): string {
  const kinds = projects.map(({ connection }) => connection.kind);
  const isAnyConnected = kinds.includes('connected') || kinds.includes('reconnecting');
  if (kinds.includes('starting')) return '$(sync~spin) Sluice';
  if (!isAnyConnected && severity === 'error') return '$(error) Sluice';
  if (!isAnyConnected) return left === 0 ? '$(circle-slash) Sluice' : `$(circle-slash) ${l10n.t('{0} waiting', formatNumber(left))}`;
  const icon = severity === 'error' ? 'error' : severity === 'warning' ? 'warning' : kinds.includes('reconnecting') ? 'sync~spin' : 'inbox';
  // A nought in red would say that nothing is wrong.
  if (waiting + dead === 0 && short !== undefined) return `$(${icon}) ${short}`;
  const count = formatNumber(waiting);
  return `$(${icon}) ${dead === 0 ? count : l10n.t('{0} · {1} dead', count, formatNumber(dead))}`;
}

function stateWords(projects: readonly ProjectHealth[]): string | undefined {
  const kinds = projects.map(({ connection }) => connection.kind);
  if (kinds.includes('starting')) return l10n.t('the daemon is starting');
  if (kinds.includes('reconnecting')) return l10n.t('looking for the daemon');
  if (!kinds.includes('connected')) return l10n.t('no daemon runs');
  return undefined;
}
