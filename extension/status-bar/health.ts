import * as l10n from '@vscode/l10n';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { ConnectionState } from '../connection/connection-state.ts';
import { formatNumber } from '../wording/amount.ts';
import { waitingIn } from '../wording/queue-words.ts';

export type Severity = 'rest' | 'warning' | 'error';

/** What the status bar knows of one project. */
export interface ProjectHealth {
  /** The folder's name. */
  readonly name: string;
  readonly connection: ConnectionState;
  readonly status: DaemonStatus | undefined;
  readonly queues: readonly QueueView[];
}

export interface Health {
  /** With a codicon in front. */
  readonly text: string;
  readonly severity: Severity;
  /** Sentences that say why it isn't at rest, the gravest first. */
  readonly reasons: readonly string[];
  /** The whole, as it is read aloud. */
  readonly label: string;
}

/**
 * What the status bar says about all projects of the window. An error is a store that takes nothing or a daemon that died; a warning is what
 * a person should look at some time. That no daemon runs is neither: nobody has asked for one.
 */
export function healthOf(projects: readonly ProjectHealth[]): Health {
  const faults = projects.flatMap(faultsOf);
  const errors = faults.filter(({ severity }) => severity === 'error');
  const severity = errors.length > 0 ? 'error' : faults.length > 0 ? 'warning' : 'rest';
  const reasons = [...errors, ...faults.filter((fault) => fault.severity === 'warning')].map(({ reason }) => reason);
  const waiting = projects.reduce((sum, { queues }) => sum + queues.reduce((depth, queue) => depth + waitingIn(queue) + queue.depth.active, 0), 0);
  const text = textOf(projects, severity, waiting);
  const state = stateWords(projects) ?? l10n.t('{0} jobs in the queues', formatNumber(waiting));
  return { text, severity, reasons, label: [l10n.t('Sluice: {0}', state), ...reasons].join('. ') };
}

interface Fault {
  readonly severity: 'warning' | 'error';
  readonly reason: string;
}

function faultsOf({ name, connection, status, queues }: ProjectHealth): Fault[] {
  const faults: Fault[] = [];
  if ('crashed' in connection && connection.crashed) faults.push({ severity: 'error', reason: l10n.t('The daemon of {0} ended unexpectedly; its jobs wait.', name) });
  if (connection.kind === 'stopped' && connection.problem !== undefined) faults.push({ severity: 'error', reason: connection.problem });
  if (status?.store.ok === false) faults.push({ severity: 'error', reason: l10n.t('The store of {0} takes nothing: {1}', name, status.store.problem ?? '') });
  if (connection.kind === 'incompatible') faults.push({ severity: 'warning', reason: l10n.t('The daemon of {0} has version {1}, which this extension does not work with.', name, connection.status.version) });
  for (const queue of queues) {
    if (queue.depth.dead > 0) faults.push({ severity: 'warning', reason: l10n.t('{0} has dead letters: {1}', queue.name, formatNumber(queue.depth.dead)) });
    if (queue.maxDepth !== undefined && waitingIn(queue) >= queue.maxDepth) faults.push({ severity: 'warning', reason: l10n.t('{0} is full and takes no more jobs.', queue.name) });
  }
  return faults;
}

function textOf(projects: readonly ProjectHealth[], severity: Severity, waiting: number): string {
  const kinds = projects.map(({ connection }) => connection.kind);
  const isAnyConnected = kinds.includes('connected') || kinds.includes('reconnecting');
  if (kinds.includes('starting')) return '$(sync~spin) Sluice';
  if (!isAnyConnected) return severity === 'error' ? '$(error) Sluice' : '$(circle-slash) Sluice';
  const icon = severity === 'error' ? 'error' : severity === 'warning' ? 'warning' : kinds.includes('reconnecting') ? 'sync~spin' : 'inbox';
  return `$(${icon}) ${formatNumber(waiting)}`;
}

function stateWords(projects: readonly ProjectHealth[]): string | undefined {
  const kinds = projects.map(({ connection }) => connection.kind);
  if (kinds.includes('starting')) return l10n.t('the daemon is starting');
  if (kinds.includes('reconnecting')) return l10n.t('looking for the daemon');
  if (!kinds.includes('connected')) return l10n.t('no daemon runs');
  return undefined;
}
