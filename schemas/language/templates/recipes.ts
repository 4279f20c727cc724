import { stringify } from 'yaml';
import type { WorkflowTemplate } from './workflow-templates.ts';
import files from './recipes.json' with { type: 'json' };

/** A workflow for a service that many people use, with the connection that it needs: the files of a folder of `recipes/`. */
export interface Recipe {
  /** The id of its workflow. No other word in its files is the same, so that it can be exchanged. */
  readonly id: string;
  /** The name and the description of the workflow. */
  readonly title: string;
  readonly summary: string;
  /** The texts of its files. */
  readonly workflow: string;
  /** Empty: it needs none. */
  readonly connections: string;
}

export const recipes: readonly Recipe[] = files;

export const recipeTemplates: readonly WorkflowTemplate[] = recipes.map((recipe) => ({
  id: recipe.id,
  title: recipe.title,
  summary: recipe.summary,
  connections: recipe.connections,
  text: (workflow) => recipeText(recipe, workflow),
}));

/** The text of the workflow under another id and name. */
export function recipeText({ id, workflow }: Recipe, given: { readonly id: string; readonly name: string }): string {
  const rest = workflow.slice(workflow.indexOf('\n'));
  return `${stringify({ name: given.name }, { lineWidth: 0 }).trimEnd()}${rest.replace(new RegExp(`\\b${id}\\b`, 'g'), given.id)}`;
}

/** The names of the secrets that it needs, each once. */
export function secretsOf({ workflow, connections }: Recipe): readonly string[] {
  return [...new Set([...`${connections}${workflow}`.matchAll(/\bsecrets\.(\w+)/g)].map(([, name = '']) => name))];
}
