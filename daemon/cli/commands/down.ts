import type { AddCommand } from '../command-runtime.ts';
import { stopDaemon } from '../../../client/stop-daemon.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';

export const addDown: AddCommand = (program, runtime) => {
  program
    .command('down')
    .description('stop the daemon: active attempts get their grace time, everything else waits for the next start')
    .addHelpText('after', examples(['sluice down', 'and sluice up goes on where it was']))
    .action(
      runtime.action(async (context) => {
        const client = await context.connectIfRunning();
        const pid = client === undefined ? undefined : await stopDaemon(client);
        context.show({ stopped: pid !== undefined, ...(pid === undefined ? {} : { pid }) }, () =>
          pid === undefined ? 'The daemon was not running.' : `The daemon (pid ${pid}) has stopped; what waits is kept.`,
        );
        return exitCodes.done;
      }),
    );
};
