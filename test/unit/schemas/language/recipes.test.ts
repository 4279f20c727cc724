import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readRecipes, recipesFile, recipesJson, recipesMarkdown, recipesPage } from '../../../../scripts/generate-recipes.ts';
import { advisedProject } from '../../../../schemas/language/advice/advice.ts';
import { runAdvice } from '../../../../schemas/language/advice/run-advice.ts';
import { withConnections } from '../../../../schemas/language/templates/added-connections.ts';
import { recipes, recipeText, secretsOf } from '../../../../schemas/language/templates/recipes.ts';
import { analyseFiles } from '../../../../schemas/workflow/analysis/analyse-files.ts';
import { joinFiles } from '../../../../schemas/workflow/analysis/analyse-project.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

describe('the recipes', () => {
  it('are the files of recipes/, and so is their page (else: npm run generate)', () => {
    const files = readRecipes();
    assert.equal(readFileSync(recipesFile, 'utf8'), recipesJson(files));
    assert.equal(readFileSync(recipesPage, 'utf8'), recipesMarkdown(files));
    const folders = globSync('recipes/*', { cwd: root }).map((folder) => path.basename(folder));
    assert.deepEqual(recipes.map(({ id }) => id).sort(), folders.sort());
  });

  it('are all in one project without a finding, each twice under names of its own, with the connections once', () => {
    let connections = 'connections: {}\n';
    for (const recipe of recipes) connections = withConnections(connections, recipe.connections === '' ? 'connections: {}\n' : recipe.connections)?.text ?? assert.fail(recipe.id);
    const workflows = recipes.flatMap((recipe) => [recipe.id, `${recipe.id}_again`].map((id) => ({ path: `.sluice/workflows/${id}.yaml`, text: recipeText(recipe, { id, name: `The "${id}" one: #1` }) })));
    const files = [...workflows, { path: '.sluice/connections.yaml', text: connections }];
    const analysed = analyseFiles(files, { secrets: recipes.flatMap(secretsOf) });
    const project = joinFiles(analysed);
    assert.deepEqual([...project.diagnostics].filter(([, found]) => found.length > 0), []);
    assert.deepEqual([...runAdvice(advisedProject(analysed.byPath.values()))].filter(([, found]) => found.length > 0), []);
    assert.equal(project.workflows.size, 2 * recipes.length);
    assert.equal(project.workflows.get('slack_message_again')?.workflow.name, 'The "slack_message_again" one: #1');
  });

  for (const recipe of recipes) {
    it(`${recipe.id} has its id only where its queue is named, so that the id can be exchanged`, () => {
      const lines = recipe.workflow.split('\n').filter((line) => new RegExp(`\\b${recipe.id}\\b`).test(line));
      assert.deepEqual(lines.filter((line) => line !== `  ${recipe.id}:` && line !== `    queue: ${recipe.id}`), []);
      assert.match(recipe.workflow, /^name: .+\ndescription: .+\n/);
      assert.equal(recipeText(recipe, { id: recipe.id, name: recipe.title }), recipe.workflow);
    });
  }
});
