import type { Command } from 'commander';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { type AddCommand, examples } from '../command-runtime.ts';
import { addDeadFilter, type DeadFilterOptions, addDeadSelection, countDead, readDeadConditions, readDeadSelection, type DeadSelectionOptions, addDeadIds, type DeadSelection } from '../dead-selection.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parsePositive, parseJobId, collectJobIds } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { readPayloadFile } from '../payload-file.ts';
import { renderDeadGroups, renderDeadLetters } from '../render/dead-letters.ts';
import { renderDiscarded } from '../render/bulk.ts';
import { formatAge, formatCount, oneLine, say } from '../render/format.ts';
import type { JobDetail } from '../../../schemas/protocol/job.ts';
import { exportedLetter, jobsById } from '../../../client/dead-letter-edits.ts';
import { addDeadReplay } from './dead-replay.ts';
import { userName } from '../user-name.ts';

export const addDead: AddCommand = (program, runtime) => {
  const dead = program
    .command('dead')
    .description('list, edit, replay, discard or export dead letters: jobs whose attempts are used up')
    .addHelpText(
      'after',
      examples(
        ['sluice dead', 'what died, the latest first'],
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
  addDeadFilter(dead.command('list', { isDefault: true }).allowExcessArguments().description('list dead letters, the one that died last first; what `sluice dead` alone does'))
    .option('-n, --limit <n>', 'at most so many', parsePositive, 50)
    .addHelpText('after', examples(['sluice dead list --run r12', 'of one run'], [`sluice dead --where 'error.status == 422'`, 'of one cause']))
    .action(
      runtime.action(async (context, { limit, ...options }: DeadFilterOptions & { readonly limit: number }, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'dead ${word}': there are dead list, dead groups, dead replay, dead edit, dead drop-edit, dead discard and dead export`);
        const filter = await readDeadConditions(context, options);
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, async (page) => {
          const { jobs, next } = await client.call('dead/list', { ...filter, ...page });
          return { entries: jobs, next };
        });
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
    .description('count dead letters by what they failed with, the group of the latest first')
    .option('-q, --queue <queue>', 'of this queue')
    .option('-n, --limit <n>', 'at most so many', parsePositive, 50)
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
    .argument('<file>', 'the whole new payload, JSON or YAML; - reads stdin')
    .description('save an edited payload of a dead letter; its next replay sends it')
    .option('-y, --yes', "take the place of an edit that is there, and don't ask")
    .addHelpText('after', examples(['sluice job j40 --json | jq .payload > p.json', 'what was sent'], ['sluice dead edit j40 p.json', 'saves the edit, and sends nothing']))
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
    .description('drop saved edits of dead letters; their next replay sends what was sent before')
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
  addDeadSelection(dead.command('discard').description('give dead letters up; that can not be undone'))
    .option('--reason <text>', 'why, for anyone who looks at them later')
    .option('--detach', 'of --all: print an id and let the daemon continue by itself; `sluice bulk` shows how far it is')
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

/** Read from the daemon at the same time. */
const batchSize = 20;

const addDeadExport: AddCommand = (dead, runtime) => {
  addDeadIds(dead.command('export').description('print dead letters with their payloads and attempts, as a JSON array, oldest first'))
    .addHelpText(
      'after',
      examples(['sluice dead export --all --queue erp > letters.json', 'to edit their payloads'], ['sluice dead replay --from letters.json', 'and to replay what was edited']),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, options: DeadSelectionOptions) => {
        const { terminal } = context;
        const selection = await readDeadSelection(context, ids ?? [], options);
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
