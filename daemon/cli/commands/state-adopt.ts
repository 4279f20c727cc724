import { CodedError } from '../../../schemas/protocol/error.ts';
import { stateFolderOf, unsafeState } from '../../state/state-folder.ts';
import { doubtfulLogsOf, markState, stateOrigin } from '../../state/state-mark.ts';
import { confirmLogs, doubtfulLogsText, setLogsAside } from '../../state/doubtful-logs.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { say } from '../render/format.ts';
import { timeStamp } from '../time-stamp.ts';
import { UsageError } from '../usage-error.ts';
import { withoutDaemon } from '../without-daemon.ts';
import { reportState, waitingJobs } from '../state-report.ts';

export const addStateAdopt: AddCommand = (state, runtime) => {
  state
    .command('adopt')
    .description('use the state that lies here from now on, whoever made it: the next start sends what waits in it')
    .option('--without-logs', 'store.db is a backup: the logs beside it are of another time; move them to .sluice/state.TIME')
    .option('--with-logs', 'store.db is the very file that the logs beside it belong to')
    .addHelpText(
      'after',
      examples(
        ['sluice state adopt', 'and sluice up goes on with what waits'],
        ['sluice state adopt --without-logs', 'after store.db was replaced with a backup'],
      ),
    )
    .action(
      runtime.action(async (context, { withoutLogs = false, withLogs = false }: { readonly withoutLogs?: boolean; readonly withLogs?: boolean }) => {
        if (withoutLogs && withLogs) throw new UsageError('--with-logs and --without-logs exclude each other.');
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const waiting = waitingJobs(reportState(project));
        const state = stateFolderOf(project);
        const { adopted, movedTo } = await withoutDaemon(project, async () => {
          const logs = doubtfulLogsOf(project);
          if (logs.length > 0 && !withoutLogs && !withLogs) throw new CodedError('wrong-state', doubtfulLogsText(state, logs));
          if (logs.length === 0 && stateOrigin(project).kind !== 'foreign') return { adopted: false };
          if (withLogs) confirmLogs(state, logs);
          const aside = withoutLogs && logs.length > 0 ? setLogsAside(state, logs, timeStamp(context.terminal.now())) : undefined;
          await markState(project, { hasStore: true });
          return { adopted: true, ...(aside === undefined ? {} : { movedTo: aside }) };
        });
        context.show({ adopted, waiting, ...(movedTo === undefined ? {} : { movedTo }) }, () => (adopted ? adoptedText(waiting, movedTo) : 'There is nothing to adopt: the state here is yours already, or there is none yet.'));
        return exitCodes.done;
      }),
    );
};

function adoptedText(waiting: number, movedTo: string | undefined): string {
  const jobs = say('{waiting, plural, one {# job waits in it; `sluice up` continues it.} other {# jobs wait in it; `sluice up` continues them.}}', { waiting });
  const logs = movedTo === undefined ? '' : ` The logs are in ${movedTo}.`;
  return `This state is yours now. ${jobs} If it is a backup: what was done since it was made is forgotten, so jobs that were sent since then are sent again, with the same keys.${logs}`;
}
