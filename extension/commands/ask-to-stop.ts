import * as l10n from '@vscode/l10n';
import type { Asker } from '../ask/asker.ts';
import { activeAttempts } from '../connection/connection.ts';
import type { Project } from '../project/project.ts';

/** Asks where attempts are under way, with their number; where none are, a stop harms nothing. */
export async function askToStop(ask: Asker, project: Project, question: string, verb: string): Promise<boolean> {
  const { state } = project.connection;
  if (!('daemon' in state)) return true;
  const active = activeAttempts(await state.daemon.call('daemon/status', {}));
  if (active === 0) return true;
  const detail = l10n.t('{0} attempts are under way. The daemon gives them time to end, and what it has to interrupt is tried again at its next start. Jobs that wait are kept.', active);
  return ask.confirm({ question, detail, verb });
}
