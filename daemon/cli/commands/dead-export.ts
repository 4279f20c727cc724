import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Option } from 'commander';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { jobsById } from '../../../client/dead-letter-edits.ts';
import { followBulk } from '../../../client/run-bulk.ts';
import { type ExportFormat, exportFormats } from '../../../schemas/protocol/bulk.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { exportedLetter, type JobDetail } from '../../../schemas/protocol/job.ts';
import { type CommandContext, type AddCommand, examples } from '../command-context.ts';
import { addDeadIds, type DeadSelection, type DeadSelectionOptions, readDeadSelection } from '../dead-selection.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-code.ts';
import { collectPages } from '../pages.ts';
import { renderExported } from '../render/bulk.ts';
import { formatCount, say } from '../render/format.ts';

/** Read from the daemon at the same time. */
const batchSize = 20;

interface ExportOptions extends DeadSelectionOptions {
  readonly output?: string;
  readonly format?: ExportFormat;
  readonly overwrite?: boolean;
  readonly detach?: boolean;
}

/** `sluice dead export`: to stdout, read by the command; or into a file, written by the daemon. */
export const addDeadExport: AddCommand = (dead, runtime) => {
  addDeadIds(dead.command('export').description('print dead letters with their payloads and attempts, as a JSON array, oldest first'))
    .option('-o, --output <file>', 'let the daemon write them into this new file; it continues if this command ends')
    .addOption(new Option('--format <format>', 'with --output: json, one array; jsonl, one dead letter a line (default: json)').choices(exportFormats))
    .option('--overwrite', 'with --output: replace the file if it exists')
    .option('--detach', "with --output: print an id without waiting; `sluice bulk` shows its progress")
    .addHelpText(
      'after',
      examples(
        ['sluice dead export --all --queue erp > letters.json', 'to edit their payloads'],
        ['sluice dead replay --from letters.json', 'and to replay what was edited'],
        ['sluice dead export --all --output letters.json', 'the same by the daemon, for very many'],
      ),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, { output, format, overwrite = false, detach = false, ...options }: ExportOptions) => {
        const { terminal } = context;
        const selection = await readDeadSelection(context, ids ?? [], options);
        if (output !== undefined) return exportToFile(context, selection, { file: path.resolve(terminal.io.cwd, output), overwrite, detach, ...(format === undefined ? {} : { format }) });
        if (format !== undefined || overwrite || detach) throw new UsageError('--format, --overwrite and --detach go with --output.');
        const client = await context.connectToLook();
        let count = 0;
        // Written in batches: a hundred thousand of them need not be held.
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

interface FileOptions {
  /** Absolute. */
  readonly file: string;
  readonly format?: ExportFormat;
  readonly overwrite: boolean;
  readonly detach: boolean;
}

const firstLookMs = 50;
const longestLookMs = 1000;

/** The daemon writes the file. */
async function exportToFile(context: CommandContext, selection: DeadSelection, { detach, ...target }: FileOptions): Promise<ExitCode> {
  const client = await context.connect();
  const begun = await client.call('bulk/start', { action: 'export', ...selection, ...target }).catch((error: unknown) => {
    throw error instanceof CodedError && error.code === 'conflict' ? new CodedError('conflict', `${error.message} --overwrite replaces it.`) : error;
  });
  if (detach) {
    context.show(begun, () => begun.id);
    return exitCodes.done;
  }
  let lookMs = firstLookMs;
  const bulk = await followBulk(client, begun, {
    nextLook: async () => {
      await delay(lookMs);
      lookMs = Math.min(longestLookMs, lookMs * 1.5);
    },
  });
  context.show(bulk, (view) => renderExported(bulk, view));
  return bulk.state === 'done' ? exitCodes.done : exitCodes.failed;
}

/** What is named is there as a whole, or nothing is written; of all, what is gone by then is left out. */
async function* exported(client: DaemonClient, selection: DeadSelection): AsyncGenerator<readonly JobDetail[]> {
  if (selection.ids !== undefined) {
    yield await Promise.all(selection.ids.map((id) => client.call('job/get', { id })));
    return;
  }
  const { all: _all, ids: _ids, ...filter } = selection;
  const { entries } = await collectPages(Number.MAX_SAFE_INTEGER, (page) => client.call('dead/list', { ...filter, ...page }), ({ jobs }) => jobs.map(({ id }) => id));
  const oldestFirst = entries.toReversed();
  for (let from = 0; from < oldestFirst.length; from += batchSize) {
    yield await jobsById(client, oldestFirst.slice(from, from + batchSize));
  }
}
