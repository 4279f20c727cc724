import { CodedError } from '../../../schemas/protocol/error.ts';
import type { Result } from '../../../schemas/protocol/method.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import type { CommandContext } from '../command-context.ts';
import { type AddCommand, examples } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { parseId } from '../option-parsers.ts';
import { say } from '../render/format.ts';

export const addCancel: AddCommand = (program, runtime) => {
  program
    .command('cancel')
    .argument('<id>', 'a run (r12) or a job (j40)', parseId)
    .description('cancel a run with all its jobs that have not ended, or a single job; of a run that has ended, take its replayed jobs back')
    .option('-y, --yes', "take replayed jobs back, and don't ask")
    .addHelpText('after', examples(['sluice cancel r12', 'the whole run'], ['sluice cancel j40', 'one job of it']))
    .action(
      runtime.action(async (context, id: string, { yes = false }: { readonly yes?: boolean }) => {
        const client = await context.connect();
        const cancelled = id.startsWith('r') ? await cancelRun(context, client, id, yes) : await client.call('job/cancel', { id });
        if (cancelled === undefined) {
          context.terminal.err('Nothing was cancelled.');
          return exitCodes.failed;
        }
        context.show(cancelled, () => {
          if ('takenBack' in cancelled) return takenBackText(cancelled);
          return cancelled.state === 'cancelled' ? `${id} is cancelled.` : `${id} will be cancelled; it is ${cancelled.state} still.`;
        });
        return exitCodes.done;
      }),
    );
};

/** Undefined if a person was asked, and refused. */
async function cancelRun(context: CommandContext, client: DaemonClient, id: string, yes: boolean): Promise<Result<'run/cancel'> | undefined> {
  const { terminal } = context;
  try {
    return await client.call('run/cancel', { id });
  } catch (error) {
    // It has ended, and jobs of it were replayed. They may be worth more as dead letters than cancelled, so that is another question.
    if (!(error instanceof CodedError) || error.code !== 'wrong-state' || typeof error.data['open'] !== 'number') throw error;
    if (!yes && (context.json || !terminal.canAsk)) throw new CodedError(error.code, `${error.message} \`sluice cancel ${id} --yes\` does that.`, error.data);
    if (!yes && !(await terminal.confirm(`${error.message} Take it back?`))) return undefined;
    return client.call('run/cancel', { id, takeBack: true });
  }
}

function takenBackText({ id, takenBack = 0, jobs: { open } }: Result<'run/cancel'>): string {
  const taken = takenBack === 0 ? say('No replayed job of {id} was waiting.', { id }) : say('{count, plural, one {# replayed job of {id} is a dead letter again.} other {# replayed jobs of {id} are dead letters again.}}', { count: takenBack, id });
  if (open === 0) return taken;
  return `${taken} ${say('{count, plural, one {# is under way, and will end by itself; if it fails and waits for another attempt, cancel again.} other {# are under way, and will end by themselves; if one fails and waits for another attempt, cancel again.}}', { count: open })}`;
}
