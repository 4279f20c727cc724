import path from 'node:path';
import { parse } from 'yaml';
import type { AddCommand } from '../command-runtime.ts';
import { addDeadSelection, countDead, readDeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { formatCount } from '../render/format.ts';
import { renderReplayed, renderSelected } from '../render/jobs.ts';
import { readRegularFile } from '../../regular-file.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { replayEdits } from './dead-replay-edits.ts';

/** Of a file with payloads, in bytes. */
const maxGivenBytes = 256 * 1024 * 1024;

interface ReplayOptions extends DeadSelectionOptions {
  readonly edit?: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly rate?: string;
  readonly canary?: number;
}

export const addDeadReplay: AddCommand = (dead, runtime) => {
  addDeadSelection(dead.command('replay').description('put dead letters back into their queues, for a new round of attempts'))
    .option('--edit <file>', 'a new payload, JSON or YAML, for a single one; - reads stdin')
    .option('--from <file>', 'what `sluice dead export` wrote: those whose payload was edited since, each with its new one; - reads stdin')
    .option('--dry-run', 'only check and count')
    .option('--rate <rate>', 'spread them out: 10/min')
    .option('--canary <n>', 'only the oldest n, to see whether it works', parsePositive)
    .addHelpText(
      'after',
      examples(
        ['sluice dead replay j40', 'one'],
        ['sluice dead replay --all --queue erp --canary 1', 'the oldest of a queue'],
        ['sluice job j40 --json | jq .payload > p.json; sluice dead replay j40 --edit p.json', 'edited'],
      ),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, options: ReplayOptions) => {
        const { terminal } = context;
        const { edit, from, rate, canary, dryRun = false, yes = false } = options;
        if (from !== undefined) {
          refuseBesides(ids, options);
          return replayEdits(context, await readValue('--from', from, terminal), { dryRun, yes });
        }
        const selection = readDeadSelection(ids ?? [], options);
        if (edit !== undefined && selection.ids?.length !== 1) throw new UsageError('--edit replaces the payload of a single dead letter: name one.');
        const payload = edit === undefined ? {} : { payload: await readValue('--edit', edit, terminal) };
        const client = await context.connect();
        // A replay loses nothing, so that only a person is asked, who may have meant less.
        if (selection.all === true && canary === undefined && !yes && !dryRun && !context.json && terminal.canAsk) {
          const { count, isMore } = await countDead(client, selection);
          if (count > 1 && !(await terminal.confirm(`Replay ${isMore ? 'more than ' : ''}${formatCount(count, 'dead letter')}?`))) {
            terminal.err('Nothing was replayed.');
            return exitCodes.failed;
          }
        }
        const result = await client.call('dead/replay', {
          ...selection,
          ...payload,
          ...(rate === undefined ? {} : { rate }),
          ...(canary === undefined ? {} : { canary }),
          ...(dryRun ? { dryRun } : {}),
        });
        context.show(result, () => (dryRun ? renderSelected(result.selected) : renderReplayed(result.replayed)));
        return exitCodes.done;
      }),
    );
};

function refuseBesides(ids: readonly string[] | undefined, { all, queue, run, where, edit, rate, canary }: ReplayOptions): void {
  if ((ids ?? []).length === 0 && [all, queue, run, where, edit, rate, canary].every((option) => option === undefined)) return;
  throw new UsageError('--from names its dead letters itself: neither ids nor other options than --dry-run and --yes go with it.');
}

async function readValue(option: '--edit' | '--from', file: string, terminal: Terminal): Promise<unknown> {
  const name = file === '-' ? 'stdin' : file;
  const text = file === '-' ? await terminal.readInput(maxGivenBytes) : await readGivenFile(option, file, path.resolve(terminal.io.cwd, file));
  if (text.trim() === '') throw new UsageError(`${option}: ${name} is empty; it has to hold ${option === '--edit' ? 'the whole payload' : 'an array of dead letters'}.`);
  try {
    // JSON is YAML 1.2, but the JSON parser is exact about large texts and says better what is wrong with them.
    return /^\s*[[{]/.test(text) ? parseJsonOrYaml(text) : (parse(text) as unknown);
  } catch (error) {
    throw new UsageError(`${option}: ${name} is neither JSON nor YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readGivenFile(option: string, name: string, file: string): Promise<string> {
  const read = await readRegularFile(file, maxGivenBytes);
  if (read.ok) return read.content.toString('utf8');
  const remedy = read.kind === 'not-regular' ? `; \`${option} -\` reads what a pipe brings` : '';
  throw new UsageError(`${option}: ${name} ${read.problem}${remedy}.`);
}

function parseJsonOrYaml(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parse(text);
  }
}
