import type { Command } from 'commander';
import type { Params } from '../../schemas/protocol/method.ts';
import { maxPage } from '../../schemas/protocol/shape.ts';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { collectJobIds, parseRunId } from './option-parsers.ts';
import { UsageError } from './exit-code.ts';
import type { CommandContext } from './command-context.ts';
import { filterHelp, withSavedFilter } from './saved-filter.ts';
import type { JobState } from '../../schemas/protocol/id.ts';

export interface DeadFilter {
  readonly queue?: string;
  readonly run?: string;
  readonly where?: string;
  readonly group?: string;
}

export interface DeadFilterOptions extends DeadFilter {
  readonly filter?: string;
}

export interface DeadSelectionOptions extends DeadFilterOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
}

export type DeadSelection = Pick<Params<'dead/discard'>, 'ids' | 'all' | 'queue' | 'run' | 'where' | 'group'>;

export function addDeadFilter(command: Command): Command {
  return command
    .option('-q, --queue <queue>', 'only of this queue')
    .option('-r, --run <id>', 'only of this run', parseRunId)
    .option('-w, --where <cel>', 'for which this CEL expression over their fields is true')
    .option('--group <group>', 'of this group, as `sluice dead groups` prints it')
    .option('--filter <name>', filterHelp);
}

/** Jobs that are selected. `shownBy`: the command that lists them; `state`: the one that they are all in. */
export interface ListedJobs {
  readonly noun: string;
  readonly shownBy: string;
  readonly state: JobState;
}

const deadConditions = ['queue', 'run', 'where', 'group'] as const;

/** `ID...` or `--all` with conditions. */
export function addDeadIds(command: Command): Command {
  return addDeadFilter(command.argument('[id...]', 'such as j40', collectJobIds).option('-a, --all', 'all dead letters that match the conditions'));
}

/** The same, of a command that may ask. */
export function addDeadSelection(command: Command): Command {
  return addDeadIds(command).option('-y, --yes', "don't ask");
}

function readDeadFilter({ queue, run, where, group }: DeadFilter): DeadFilter {
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(run === undefined ? {} : { run }),
    ...(where === undefined ? {} : { where }),
    ...(group === undefined ? {} : { group }),
  };
}

export const deadLetters: ListedJobs = { noun: 'dead letters', shownBy: 'sluice dead list', state: 'dead' };

/** `ID...`, or `--all` with conditions, which may come from a saved filter. @throws UsageError */
export async function readDeadSelection(context: CommandContext, ids: readonly string[], options: DeadSelectionOptions, { noun, shownBy, state } = deadLetters): Promise<DeadSelection> {
  const { all, ...conditions } = await withSavedFilter(context, options, { takes: deadConditions, state, noun });
  const filter = readDeadFilter(conditions);
  if (all === true) {
    if (ids.length > 0) throw new UsageError(`Name ${noun} or say --all, not both.`);
    return { all: true, ...filter };
  }
  if (ids.length === 0) {
    throw new UsageError(`Say which: ${noun} by their ids (j40 j41), or --all, with --queue, --run, --where, --group or --filter to narrow it down. \`${shownBy}\` shows them.`);
  }
  if (Object.keys(filter).length > 0) throw new UsageError('--queue, --run, --where, --group and --filter go with --all, not with ids.');
  if (ids.length > maxPage) throw new UsageError(`No more than ${maxPage} ids at a time; --all with conditions takes any number.`);
  return { ids: [...new Set(ids)] };
}

const countLimit = 10_000;

/** The conditions of `sluice dead list`. @throws UsageError */
export async function readDeadConditions(context: CommandContext, options: DeadFilterOptions): Promise<DeadFilter> {
  return readDeadFilter(await withSavedFilter(context, options, { takes: deadConditions, state: 'dead', noun: 'dead letters' }));
}

/** How many dead letters `--all` means now; the count stops at ten thousand, where `isMore` tells so. */
export async function countDead(client: DaemonClient, selection: DeadSelection): Promise<{ readonly count: number; readonly isMore: boolean }> {
  const filter = readDeadFilter(selection);
  let count = 0;
  let cursor: string | undefined;
  do {
    const { jobs, next } = await client.call('dead/list', { ...filter, limit: maxPage, ...(cursor === undefined ? {} : { cursor }) });
    count += jobs.length;
    cursor = next;
  } while (cursor !== undefined && count < countLimit);
  return { count, isMore: cursor !== undefined };
}
