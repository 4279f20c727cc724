import { InvalidArgumentError, Option } from 'commander';
import { FilterList } from '../../../client/filters.ts';
import { isFilterName, maxSavedFilters, parseSavedFilters, type FilterConditions, withFilter } from '../../../schemas/protocol/saved-filters.ts';
import { jobStates } from '../../../schemas/protocol/id.ts';
import { parseExpression } from '../../../schemas/workflow/expression/expression.ts';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parseRunId } from '../option-parsers.ts';
import { renderTable } from '../render/table.ts';
import { filterText, findFilter } from '../saved-filter.ts';

export const addFilters: AddCommand = (program, runtime) => {
  const filters = program
    .command('filters')
    .description('list, save or delete filters for jobs and dead letters, kept in .sluice/filters.json')
    .addHelpText('after', examples(['sluice filters', 'the saved filters'], [`sluice filters save refused --where 'error.status == 422'`, 'save one'], ['sluice dead --filter refused', 'the dead letters that match it']));
  addFiltersList(filters, runtime);
  addFiltersSave(filters, runtime);
  addFiltersDelete(filters, runtime);
};

const addFiltersList: AddCommand = (filters, runtime) => {
  filters
    .command('list', { isDefault: true })
    .description('list filters by name (the default of `sluice filters`)')
    .action(
      runtime.action(async (context) => {
        const all = await new FilterList(await context.project()).all();
        context.show(all, (view) =>
          all.length === 0
            ? 'No filter is saved: `sluice filters save NAME` with --queue, --state, --run, --step, --group or --where saves one.'
            : renderTable(all, [{ title: 'NAME', value: ({ name }) => name }, { title: 'CONDITIONS', value: filterText, shrinkTo: 16 }], view),
        );
        return exitCodes.done;
      }),
    );
};

const addFiltersSave: AddCommand = (filters, runtime) => {
  filters
    .command('save')
    .argument('<name>', 'letters, digits, - and _', parseFilterName)
    .description('save a filter, or replace the one of that name; a job must match all of its conditions')
    .option('-q, --queue <queue>', 'only of this queue')
    .addOption(new Option('-s, --state <state>', 'in this state').choices(jobStates))
    .option('-r, --run <id>', 'only of this run', parseRunId)
    .option('--step <step>', 'only of this step')
    .option('--group <group>', 'of this group, as `sluice dead groups` prints it')
    .option('-w, --where <cel>', 'for which this CEL expression over their fields is true')
    .addHelpText('after', examples([`sluice filters save refused --queue erp --where 'error.status == 422'`, 'for `sluice dead --filter refused`']))
    .action(
      runtime.action(async (context, name: string, conditions: FilterConditions) => {
        if (Object.keys(conditions).length === 0) throw new UsageError('Say what it lets through: --queue, --state, --run, --step, --group or --where.');
        const { where } = conditions;
        const parsed = where === undefined ? undefined : parseExpression(where);
        if (parsed?.ok === false) throw new UsageError(`--where is not a valid expression: ${parsed.error.message}`);
        const list = new FilterList(await context.project());
        const filter = { name, ...conditions };
        const after = withFilter({ version: 1, filters: await list.all() }, filter);
        if (after.filters.length > maxSavedFilters) throw new UsageError(`A project has ${maxSavedFilters} filters at most: delete one first.`);
        if (parseSavedFilters(after) === undefined) throw new UsageError('A condition is empty or too long: a queue and a step have 200 characters at most, a group 1,000, an expression 8,192.');
        await list.save(filter);
        const command = conditions.group === undefined ? 'sluice jobs' : 'sluice dead';
        context.show(filter, () => `Saved: \`${command} --filter ${name}\` is \`${command} ${filterText(filter)}\`.`);
        return exitCodes.done;
      }),
    );
};

const addFiltersDelete: AddCommand = (filters, runtime) => {
  filters
    .command('delete')
    .argument('<name>', 'as `sluice filters` prints it')
    .description('delete a filter')
    .action(
      runtime.action(async (context, name: string) => {
        const list = new FilterList(await context.project());
        const filter = findFilter(await list.all(), name);
        await list.delete(name);
        context.show(filter, () => `Deleted. \`sluice filters save ${name} ${filterText(filter)}\` saves it again.`);
        return exitCodes.done;
      }),
    );
};

function parseFilterName(text: string): string {
  if (!isFilterName(text)) throw new InvalidArgumentError('A filter is named by letters, digits, - and _, 64 at most, with a letter or a digit first.');
  return text;
}
