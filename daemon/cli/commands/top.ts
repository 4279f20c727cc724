import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { TopScreen } from '../top-screen.ts';

export const addTop: AddCommand = (program, runtime) => {
  program
    .command('top')
    .description('watch queues, alerts, active jobs and the log on one live screen; with --json, the status each time it changes')
    .addHelpText('after', examples(['sluice top', 'q ends it, ? shows its keys'], ['sluice top --json | jq .queues', 'JSON Lines, for a script']))
    .action(
      runtime.action(async (context) => {
        const { terminal, json } = context;
        const { stdin, stdout, interrupts } = terminal.io;
        if (!json && (stdout.isTTY !== true || stdin.isTTY !== true)) throw new UsageError('`sluice top` needs a terminal. `sluice status` and `sluice queues` print once; `sluice top --json` prints each change.');
        const client = await context.connectToLook();
        if (!json) {
          await new TopScreen({ terminal, client, reconnect: () => context.connectIfRunning() }).run();
          return exitCodes.done;
        }
        const print = (status: unknown): void => {
          if (status !== undefined) terminal.out(JSON.stringify(status));
        };
        const { snapshot } = await client.subscribe({ topic: 'status' }, ({ change }) => print(change.status));
        print(snapshot.status);
        const interrupted = Promise.withResolvers<'interrupted'>();
        const stopListening = interrupts?.listen(() => interrupted.resolve('interrupted'));
        const end = await Promise.race([interrupted.promise, client.closed.then(() => 'gone' as const)]);
        stopListening?.();
        return end === 'gone' ? exitCodes.unreachable : exitCodes.interrupted;
      }),
    );
};
