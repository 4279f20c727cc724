import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { pageDescription, rootDescriptions } from '../schemas/language/symbol-description.ts';
import { foreachTemplate, stepTemplates } from '../schemas/language/templates/step-templates.ts';
import { recipeTemplates } from '../schemas/language/templates/recipes.ts';
import { workflowTemplates } from '../schemas/language/templates/workflow-templates.ts';
import { actionDefinitions } from '../schemas/workflow/actions/action-definitions.ts';
import { expressionCatalog } from '../schemas/workflow/expression/catalog.ts';
import { publishedSchemas } from '../schemas/workflow/json-schema/published-schemas.ts';

export const bundleFile = 'l10n/bundle.l10n.json';

/** Calls whose first argument is a pattern of `schemas/wording/message.ts`, or the description of a field that expressions read. */
const tellers = new Set(['say', 'message', 'described']);

/** Every text that the editor shows, those of the language service and of the daemon's errors too: the pattern of each message, by itself as its key. */
export function translatableTexts(root: string): Record<string, string> {
  const files = globSync('{extension,schemas,client,daemon}/**/*.ts', { cwd: root }).filter((file) => !path.matchesGlob(file, 'daemon/cli/**'));
  const patterns = files.flatMap((file) => patternsIn(file, readFileSync(path.join(root, file), 'utf8')));
  return Object.fromEntries([...patterns, ...dataTexts()].map((text) => [text, text]));
}

/** What `Language.dataText` is asked for: texts that are data, and are told as they are. */
function dataTexts(): readonly string[] {
  return [
    ...descriptionsIn(publishedSchemas),
    ...actionDefinitions.flatMap(({ summary, input, output }) => [summary, ...descriptionsIn(input), ...descriptionsIn(output)]),
    ...expressionCatalog.map(({ description }) => description),
    ...Object.values(rootDescriptions),
    pageDescription,
    ...[...stepTemplates, foreachTemplate].map(({ summary }) => summary),
    ...[...workflowTemplates, ...recipeTemplates].flatMap(({ title, summary }) => [title, summary]),
  ];
}

/** Of a JSON Schema and all within it. A property may be called `description` or `examples`, and an example may have a description. */
function descriptionsIn(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(descriptionsIn);
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => (key === 'examples' && Array.isArray(value) ? [] : key === 'description' && typeof value === 'string' ? [value] : descriptionsIn(value)));
}

/** A pattern that is not a literal can't be translated; what only hands one on has it as a parameter. */
export function patternsIn(file: string, contents: string): string[] {
  const patterns: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && tellers.has(nameOf(node.expression)) && !isEnglishOnly(node.expression)) {
      for (const pattern of literalsOf(node.arguments[0])) patterns.push(pattern);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, contents, ts.ScriptTarget.Latest));
  return patterns;
}

function nameOf(called: ts.Expression): string {
  if (ts.isIdentifier(called)) return called.text;
  return ts.isPropertyAccessExpression(called) ? called.name.text : '';
}

/** `english.say(…)` is for the command and the log. */
function isEnglishOnly(called: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(called) && ts.isIdentifier(called.expression) && called.expression.text === 'english';
}

function literalsOf(argument: ts.Expression | undefined): string[] {
  if (argument === undefined) return [];
  if (ts.isStringLiteralLike(argument)) return [argument.text];
  return ts.isConditionalExpression(argument) ? [...literalsOf(argument.whenTrue), ...literalsOf(argument.whenFalse)] : [];
}
