import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { readRegularFile } from '../../../platform/regular-file.ts';
import { withConnections } from '../../../schemas/language/templates/added-connections.ts';
import { type Recipe, recipes, recipeText, secretsOf } from '../../../schemas/language/templates/recipes.ts';
import { systemCodeOf } from '../../../schemas/protocol/error.ts';
import { sluiceFolder } from '../../../schemas/protocol/state-folder.ts';
import { isName } from '../../../schemas/workflow/name.ts';
import { nearestName } from '../../../schemas/workflow/nearest-name.ts';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { renderTable } from '../render/table.ts';

/** Of `connections.yaml`, in bytes. */
const maxFileBytes = 4 * 1024 * 1024;

export const addRecipes: AddCommand = (program, runtime) => {
  const command = program
    .command('recipes')
    .description('list workflows for well-known services (Slack, Google Sheets, …), or write one into the project; starts no daemon')
    .addHelpText('after', examples(['sluice recipes', 'what there is'], ['sluice recipes add slack_message', 'write its workflow and its connection'], ['sluice recipes add slack_message --as tell_sales', 'under another name']));
  addList(command, runtime);
  addAdd(command, runtime);
};

const addList: AddCommand = (program, runtime) => {
  program
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('list recipes (the default of `sluice recipes`)')
    .action(
      runtime.action(async (context, _options: object, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'recipes ${word}': there are recipes list and recipes add`);
        const shown = recipes.map((recipe) => ({ name: recipe.id, title: recipe.title, summary: recipe.summary, secrets: secretsOf(recipe) }));
        const columns = [
          { title: 'RECIPE', value: ({ name }: (typeof shown)[number]) => name },
          { title: 'WHAT IT DOES', value: ({ summary }: (typeof shown)[number]) => summary },
        ];
        context.show(shown, (view) => renderTable(shown, columns, view));
        return exitCodes.done;
      }),
    );
};

const addAdd: AddCommand = (program, runtime) => {
  program
    .command('add')
    .argument('<name>', 'as `sluice recipes` lists it')
    .option('--as <id>', 'the id of the workflow; if omitted, the name of the recipe')
    .description('write the workflow of a recipe into the project, and its connection into .sluice/connections.yaml unless there is one of that name')
    .addHelpText('after', examples(['sluice recipes add slack_message', 'write .sluice/workflows/slack_message.yaml'], ['sluice recipes add s3_put --as archive', 'write .sluice/workflows/archive.yaml']))
    .action(
      runtime.action(async (context, name: string, { as: id = name }: { readonly as?: string }) => {
        const recipe = recipes.find((one) => one.id === name);
        if (recipe === undefined) {
          const nearest = nearestName(name, recipes.map((one) => one.id));
          throw new UsageError(`There is no recipe '${name}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} \`sluice recipes\` lists them.`);
        }
        if (!isName(id)) throw new UsageError(`'${id}' can't be the id of a workflow here: letters, digits and underscores, not beginning with a digit.`);
        const made = await writeRecipe(await context.project(), recipe, id);
        context.show(made, () => [`made  ${made.file}`, ...made.added.map((one) => `made  the connection ${one} in ${connectionsFile}`), ...made.kept.map((one) => `kept  the connection ${one} (was there already)`), '', 'What to do next:', ...nextSteps(made)].join('\n'));
        return exitCodes.done;
      }),
    );
};

const connectionsFile = `${sluiceFolder}/connections.yaml`;

interface WrittenRecipe {
  readonly workflow: string;
  /** Relative to the project. */
  readonly file: string;
  /** Names of connections. */
  readonly added: readonly string[];
  readonly kept: readonly string[];
  readonly secrets: readonly string[];
}

/** Never over a file that is there. */
async function writeRecipe(project: string, recipe: Recipe, id: string): Promise<WrittenRecipe> {
  const file = `${sluiceFolder}/workflows/${id}.yaml`;
  const connections = await connectionsWith(project, recipe);
  await mkdir(path.join(project, sluiceFolder, 'workflows'), { recursive: true });
  try {
    await writeFile(path.join(project, file), recipeText(recipe, { id, name: id === recipe.id ? recipe.title : nameOf(id) }), { flag: 'wx' });
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') throw new UsageError(`There is ${file} already. --as ID gives the workflow another id.`);
    throw error;
  }
  const { text, added, kept } = connections;
  if (added.length > 0) await writeFile(path.join(project, connectionsFile), text);
  return { workflow: id, file, added, kept, secrets: secretsOf(recipe) };
}

async function connectionsWith(project: string, { connections }: Recipe): Promise<ReturnType<typeof withConnections> & object> {
  if (connections === '') return { text: '', added: [], kept: [] };
  const read = await readRegularFile(path.join(project, connectionsFile), maxFileBytes);
  if (!read.ok && read.kind !== 'missing') throw new UsageError(`${connectionsFile} ${read.problem}. Nothing was written.`);
  const made = withConnections(read.ok ? read.content.toString('utf8') : undefined, connections);
  if (made === undefined) throw new UsageError(`${connectionsFile} has errors, so no connection can be added to it. Nothing was written; \`sluice validate\` says what is wrong.`);
  return made;
}

function nameOf(id: string): string {
  const words = id.replace(/_+/g, ' ').trim();
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

function nextSteps({ workflow, added, secrets }: WrittenRecipe): readonly string[] {
  const steps: readonly (readonly [string, string])[] = [
    ...(added.length === 0 ? [] : [[connectionsFile, 'says where its credentials come from'] as const]),
    ...secrets.map((secret) => [`sluice secrets set ${secret}`, 'store a secret'] as const),
    [`sluice run ${workflow} --wait`, 'run it; the file says which inputs it has'],
  ];
  const width = Math.max(...steps.map(([what]) => what.length));
  return steps.map(([what, why]) => `  ${what.padEnd(width)}  ${why}`);
}
