import { CodedError } from '../../../schemas/protocol/error.ts';
import { unsafeState } from '../../state-folder.ts';
import { markState, stateOrigin } from '../../state-mark.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { formatCount } from '../render/format.ts';
import { withoutDaemon } from '../without-daemon.ts';
import { reportState, waitingJobs } from '../state-report.ts';

export const addStateAdopt: AddCommand = (state, runtime) => {
  state
    .command('adopt')
    .description('use the state that lies here from now on, whoever made it: the next start sends what waits in it')
    .addHelpText('after', examples(['sluice state adopt', 'and sluice up goes on with what waits']))
    .action(
      runtime.action(async (context) => {
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const waiting = waitingJobs(reportState(project));
        const adopted = await withoutDaemon(project, async () => {
          if (stateOrigin(project).kind !== 'foreign') return false;
          await markState(project, { hasStore: true });
          return true;
        });
        context.show({ adopted, waiting }, () =>
          adopted ? `This state is yours now. ${formatCount(waiting, 'job')} ${waiting === 1 ? 'waits' : 'wait'} in it; \`sluice up\` goes on with ${waiting === 1 ? 'it' : 'them'}.` : 'There is nothing to adopt: the state here is yours already, or there is none yet.',
        );
        return exitCodes.done;
      }),
    );
};
