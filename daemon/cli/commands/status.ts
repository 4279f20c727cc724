import { CodedError } from '../../../schemas/protocol/error.ts';
import { readLastStop } from '../../../client/last-stop.ts';
import { stateProblem } from '../../state/state-mark.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderLastStop, renderStatus } from '../render/status.ts';

export const addStatus: AddCommand = (program, runtime) => {
  program
    .command('status')
    .description('show whether the daemon runs, how it is, and its queues; exit 3 where it does not run')
    .addHelpText('after', examples(['sluice status', 'for a person'], ['sluice status --json | jq .pid', 'for a script']))
    .action(
      runtime.action(async (context) => {
        const client = await context.connectIfRunning();
        if (client === undefined) {
          const project = await context.project();
          const problem = stateProblem(project);
          if (problem !== undefined) throw new CodedError('foreign-state', `No daemon runs. ${problem}`);
          const left = await readLastStop(project);
          const waits = left === undefined ? '' : ` ${renderLastStop(left, context.terminal.errorView)}`;
          const message = `The daemon of ${project} is not running.${waits} \`sluice up\` starts it, and so do commands that need it.`;
          throw new CodedError('unreachable', message, left === undefined ? {} : { lastStop: { ...left } });
        }
        const status = await client.call('daemon/status', {});
        context.show(status, (view) => renderStatus(status, view));
        return exitCodes.done;
      }),
    );
};
