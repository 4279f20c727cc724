import type { JobDetail } from '../../../schemas/protocol/job.ts';
import { jobsById } from '../../../schemas/protocol/jobs-by-id.ts';
import { exportedLetter } from '../../../schemas/protocol/letter-edits.ts';
import type { AddCommand } from '../command-runtime.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { addDeadIds, readDeadSelection, type DeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { collectPages } from '../pages.ts';
import { formatCount, say } from '../render/format.ts';

/** Read from the daemon at the same time. */
const batchSize = 20;

export const addDeadExport: AddCommand = (dead, runtime) => {
  addDeadIds(dead.command('export').description('print dead letters with their payloads and attempts, as a JSON array, oldest first'))
    .addHelpText(
      'after',
      examples(['sluice dead export --all --queue erp > letters.json', 'to edit their payloads'], ['sluice dead replay --from letters.json', 'and to replay what was edited']),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, options: DeadSelectionOptions) => {
        const { terminal } = context;
        const selection = readDeadSelection(ids ?? [], options);
        const client = await context.connectToLook();
        let count = 0;
        // Written bit by bit: a hundred thousand of them need not be held.
        let edited = 0;
        for await (const jobs of exported(client, selection)) {
          for (const job of jobs) {
            if (job.draft !== undefined) edited++;
            await terminal.write(`${count++ === 0 ? '[\n' : ',\n'}${JSON.stringify(exportedLetter(job), null, 2)}`);
          }
        }
        terminal.out(count === 0 ? '[]' : '\n]');
        if (edited > 0) terminal.err(say('{edited, plural, one {# of {count} has a saved edit, which is its `payload` here.} other {# of {count} have saved edits, which are their `payload` here.}}', { edited, count: formatCount(count, 'dead letter') }));
        return exitCodes.done;
      }),
    );
};

/** What is named is there as a whole, or nothing is written; of all, what is gone by then is left out. */
async function* exported(client: DaemonClient, selection: DeadSelection): AsyncGenerator<readonly JobDetail[]> {
  if (selection.ids !== undefined) {
    yield await Promise.all(selection.ids.map((id) => client.call('job/get', { id })));
    return;
  }
  const { all: _all, ids: _ids, ...filter } = selection;
  const { entries } = await collectPages(Number.MAX_SAFE_INTEGER, async (page) => {
    const { jobs, next } = await client.call('dead/list', { ...filter, ...page });
    return { entries: jobs.map(({ id }) => id), next };
  });
  const oldestFirst = entries.toReversed();
  for (let from = 0; from < oldestFirst.length; from += batchSize) {
    yield await jobsById(client, oldestFirst.slice(from, from + batchSize));
  }
}
