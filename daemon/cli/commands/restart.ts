import type { AddCommand } from '../command-runtime.ts';
import { stopDaemon } from '../../../client/stop-daemon.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';

export const addRestart: AddCommand = (program, runtime) => {
  program
    .command('restart')
    .description('stop the daemon where it runs and start it again, with the version of this command')
    .addHelpText('after', examples(['sluice restart', 'after an update of Sluice']))
    .action(
      runtime.action(async (context) => {
        const old = await context.connectIfRunning({ ignoreVersion: true });
        if (old !== undefined) await stopDaemon(old);
        const status = await (await context.connect()).call('daemon/status', {});
        context.show(status, () => `The daemon runs again: pid ${status.pid}, version ${status.version}.`);
        return exitCodes.done;
      }),
    );
};
