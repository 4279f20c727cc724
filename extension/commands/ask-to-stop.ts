import * as l10n from '@vscode/l10n';
import type { Asker } from '../ask/asker.ts';
import { activeAttempts } from '../../client/connection-state.ts';
import type { Project } from '../project/project.ts';
import { formatNumber } from '../wording/language.ts';

/** Asks where jobs are running, with how many of them are finished first; where none are, a stop harms nothing. */
export async function askToStop(ask: Asker, project: Project, question: string, verb: string): Promise<boolean> {
  const { state } = project.connection;
  if (!('daemon' in state)) return true;
  const active = activeAttempts(await state.daemon.call('daemon/status', {}));
  if (active === 0) return true;
  const detail =
    active === 1
      ? l10n.t('It finishes the running job first. Where that takes longer than its time to stop, the job is interrupted, and tried again at the next start. Jobs that wait are kept.')
      : l10n.t('It finishes {0} running jobs first. Those that take longer than its time to stop are interrupted, and tried again at the next start. Jobs that wait are kept.', formatNumber(active));
  return ask.confirm({ question, detail, verb });
}
