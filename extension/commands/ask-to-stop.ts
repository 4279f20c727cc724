import type { Asker } from '../ask/asker.ts';
import { activeAttempts } from '../../client/connection-state.ts';
import type { Project } from '../project/project.ts';
import { say } from '../wording/language.ts';

/** Asks where jobs are running, with how many of them are finished first; where none are, a stop harms nothing. */
export async function askToStop(ask: Asker, project: Project, question: string, verb: string): Promise<boolean> {
  const { state } = project.connection;
  if (!('daemon' in state)) return true;
  const active = activeAttempts(await state.daemon.call('daemon/status', {}));
  if (active === 0) return true;
  const detail = say(
    '{count, plural, =1 {It finishes the running job first. If that takes longer than its time to stop, the job is interrupted, and tried again at the next start. Jobs that wait are kept.} other {It finishes # running jobs first. Those that take longer than its time to stop are interrupted, and tried again at the next start. Jobs that wait are kept.}}',
    { count: active },
  );
  return ask.confirm({ question, detail, verb });
}
