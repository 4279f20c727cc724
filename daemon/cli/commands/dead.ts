import type { Command } from 'commander';
import { type AddCommand, examples } from '../command-context.ts';
import { addDeadFilter, type DeadFilterOptions, addDeadSelection, countDead, readDeadConditions, readDeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parsePositive, parseJobId, collectJobIds } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { readPayloadFile } from '../payload-file.ts';
import { renderDeadGroups, renderDeadLetters } from '../render/dead-letters.ts';
import { renderDiscarded } from '../render/bulk.ts';
import { formatAge, formatCount, oneLine } from '../render/format.ts';
import { addDeadExport } from './dead-export.ts';
import { addDeadReplay } from './dead-replay.ts';
import { userName } from '../../../platform/user-name.ts';

export const addDead: AddCommand = (program, runtime) => {
  const dead = program
    .command('dead')
    .description('list, edit, replay, discard or export dead letters: jobs whose attempts are used up')
    .addHelpText(
      'after',
      examples(
        ['sluice dead', 'list dead letters, newest first'],
        ['sluice dead replay j40 --edit payload.json', 'again, with another payload'],
        ['sluice dead replay --all --queue erp --rate 10/min', 'all of a queue, slowly'],
        ['sluice dead discard j40', 'give it up'],
      ),
    );
  addDeadList(dead, runtime);
  addDeadGroups(dead, runtime);
  addDeadReplay(dead, runtime);
  addDeadEdit(dead, runtime);
  addDeadDropEdit(dead, runtime);
  addDeadDiscard(dead, runtime);
  addDeadExport(dead, runtime);
};

const addDeadList: AddCommand = (dead, runtime) => {
  addDeadFilter(dead.command('list', { isDefault: true }).allowExcessArguments().description('list dead letters, newest first (the default of `sluice dead`)'))
    .option('-n, --limit <n>', 'at most this many', parsePositive, 50)
    .addHelpText('after', examples(['sluice dead list --run r12', 'of one run'], [`sluice dead --where 'error.status == 422'`, 'of one cause']))
    .action(
      runtime.action(async (context, { limit, ...options }: DeadFilterOptions & { readonly limit: number }, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'dead ${word}': there are dead list, dead groups, dead replay, dead edit, dead drop-edit, dead discard and dead export`);
        const filter = await readDeadConditions(context, options);
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, (page) => client.call('dead/list', { ...filter, ...page }), ({ jobs }) => jobs);
        const { queue, ...narrowed } = filter;
        // Counted over all of them, which conditions leave out.
        const groups = context.json || entries.length < 2 || Object.keys(narrowed).length > 0 ? undefined : await client.call('dead/groups', queue === undefined ? {} : { queue });
        context.show(entries, (view) => renderDeadLetters(entries, { more, filtered: Object.keys(filter).length > 0, ...(groups === undefined ? {} : { groups }) }, view));
        return exitCodes.done;
      }),
    );
};

const addDeadGroups: AddCommand = (dead, runtime) => {
  dead
    .command('groups')
    .description('count dead letters by the error that they have in common, newest group first')
    .option('-q, --queue <queue>', 'only of this queue')
    .option('-n, --limit <n>', 'at most this many', parsePositive, 50)
    .addHelpText('after', examples(['sluice dead groups', 'what failed, and how often'], ["sluice dead --group 'http/request: ECONNREFUSED'", 'the dead letters of a group']))
    .action(
      runtime.action(async (context, { queue, limit }: { readonly queue?: string; readonly limit: number }) => {
        const client = await context.connectToLook();
        const { groups, others } = await client.call('dead/groups', { limit: Math.min(limit, 1000), ...(queue === undefined ? {} : { queue }) });
        context.show(groups, (view) => renderDeadGroups(groups, others, view));
        return exitCodes.done;
      }),
    );
};

const addDeadEdit: AddCommand = (dead, runtime) => {
  dead
    .command('edit')
    .argument('<id>', 'such as j40', parseJobId)
    .argument('<file>', 'the complete new payload, JSON or YAML; - reads stdin')
    .description('save an edited payload of a dead letter; its next replay sends it')
    .option('-y, --yes', "replace an edit that was saved before, without asking")
    .addHelpText('after', examples(['sluice job j40 --json | jq .payload > p.json', 'the payload as it was sent'], ['sluice dead edit j40 p.json', 'save the edit without sending it']))
    .action(
      runtime.action(async (context, id: string, file: string, { yes = false }: { readonly yes?: boolean }) => {
        const { terminal, json } = context;
        const payload = await readPayloadFile('<file>', file, terminal, 'the whole payload');
        const client = await context.connect();
        const before = await client.call('job/get', { id });
        if (before.draft !== undefined && !yes) {
          const { savedAt, savedBy } = before.draft;
          const there = `${id} has an edit already, saved ${formatAge(savedAt, terminal.errorView)}${savedBy === undefined ? '' : ` by ${oneLine(savedBy)}`}`;
          if (json || !terminal.canAsk) throw new UsageError(`${there}: --yes takes its place, \`sluice job ${id}\` shows it.`);
          if (!(await terminal.confirm(`${there}. Take its place?`))) {
            terminal.err('Nothing was saved.');
            return exitCodes.failed;
          }
        }
        // As it was looked at: what somebody saves in between is not overwritten.
        const { draft } = await client.call('draft/save', { id, payload, savedBy: userName(), baseRevision: before.revisions.at(-1)?.revision ?? 1 });
        const result = { id, ...(draft === undefined ? {} : { draft }) };
        context.show(result, () => (draft === undefined ? `That is the payload of ${id} as it was sent: no edit is kept.` : `The edit of ${id} is saved: \`sluice dead replay ${id}\` sends it, \`sluice dead drop-edit ${id}\` drops it.`));
        return exitCodes.done;
      }),
    );
};

const addDeadDropEdit: AddCommand = (dead, runtime) => {
  dead
    .command('drop-edit')
    .argument('<id...>', 'such as j40', collectJobIds)
    .description('delete saved edits of dead letters; their next replay sends the original payload')
    .action(
      runtime.action(async (context, ids: readonly string[]) => {
        const client = await context.connect();
        const dropped: string[] = [];
        for (const id of new Set(ids)) if ((await client.call('draft/drop', { id })).dropped) dropped.push(id);
        context.show({ dropped: dropped.length, ids: dropped }, () => (dropped.length === 0 ? 'There was no saved edit to drop.' : `${formatCount(dropped.length, 'saved edit')} dropped.`));
        return exitCodes.done;
      }),
    );
};

interface DiscardOptions extends DeadSelectionOptions {
  readonly reason?: string;
  readonly detach?: boolean;
}

const addDeadDiscard: AddCommand = (dead, runtime) => {
  addDeadSelection(dead.command('discard').description("discard dead letters; this can't be undone"))
    .option('--reason <text>', 'why; kept with each job')
    .option('--detach', 'with --all: print an id without waiting; the daemon does the work, and `sluice bulk` shows its progress')
    .addHelpText(
      'after',
      examples(["sluice dead discard j40 j41 --reason 'the orders were made by hand'", 'two'], ['sluice dead discard --all --queue erp --yes', 'all of a queue, without being asked']),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, { reason, detach = false, ...options }: DiscardOptions) => {
        const { terminal } = context;
        const selection = await readDeadSelection(context, ids ?? [], options);
        if (detach && selection.all !== true) throw new UsageError('--detach goes with --all.');
        const mustConfirm = selection.all === true && options.yes !== true;
        if (mustConfirm && (context.json || !terminal.canAsk)) {
          throw new UsageError('Discarding can not be undone: --all needs --yes where nobody can be asked.');
        }
        const client = await context.connect();
        if (mustConfirm) {
          const { count, isMore } = await countDead(client, selection);
          if (count > 0 && !(await terminal.confirm(`Discard ${isMore ? 'more than ' : ''}${formatCount(count, 'dead letter')}? That can not be undone.`))) {
            terminal.err('Nothing was discarded.');
            return exitCodes.failed;
          }
        }
        const params = { ...selection, ...(reason === undefined ? {} : { reason }) };
        if (detach) {
          const bulk = await client.call('bulk/start', { action: 'discard', ...params });
          context.show(bulk, () => bulk.id);
          return exitCodes.done;
        }
        const result = await client.call('dead/discard', params);
        context.show(result, () => renderDiscarded(result.discarded));
        return exitCodes.done;
      }),
    );
};
