import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import type { AddCommand } from '../command-runtime.ts';
import { runInForeground } from '../daemon-foreground.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';

export const addUp: AddCommand = (program, runtime) => {
  program
    .command('up')
    .description('start the daemon where it does not run yet')
    .option('--foreground', 'run it in this process group, with its log on stderr, until Ctrl-C or SIGTERM')
    .option('--adopt', 'use the state that lies in the folder, whoever made it: for a container whose home is new with each start')
    .addHelpText('after', examples(['sluice up', 'in the background; it outlives this terminal'], ['sluice up --foreground', 'for systemd, a container, or to watch it']))
    .action(
      runtime.action(async (context, { foreground, adopt }: { readonly foreground?: boolean; readonly adopt?: boolean }) => {
        const running = await context.connectIfRunning();
        if (foreground === true) {
          if (running === undefined) return runInForeground(context, adopt === true, (status) => context.show(status, () => renderUp(status, false)));
          const { pid } = await running.call('daemon/status', {});
          throw new CodedError('wrong-state', `The daemon runs already (pid ${pid}): \`sluice down\` stops it, \`sluice logs -f\` shows its log.`);
        }
        const client = running ?? (await context.connect({ adopt: adopt === true }));
        const status = await client.call('daemon/status', {});
        context.show(status, () => renderUp(status, running !== undefined));
        return exitCodes.done;
      }),
    );
};

function renderUp({ pid, endpoint }: DaemonStatus, ranAlready: boolean): string {
  return `The daemon ${ranAlready ? 'ran already' : 'runs'}: pid ${pid}, ${endpoint}.`;
}
