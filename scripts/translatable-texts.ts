import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getL10nJson } from '@vscode/l10n-dev';
import ts from 'typescript';

export const bundleFile = 'l10n/bundle.l10n.json';

/** Calls whose first argument is a pattern of `schemas/wording/message.ts`. */
const tellers = new Set(['say', 'message']);

type Texts = Awaited<ReturnType<typeof getL10nJson>>;

/** Every text of the editor that can be translated: those of `l10n.t`, and the patterns of messages, of the language service too, each by itself as its key. */
export async function translatableTexts(root: string): Promise<Texts> {
  const read = (pattern: string): { readonly file: string; readonly contents: string }[] =>
    globSync(pattern, { cwd: root }).sort().map((file) => ({ file, contents: readFileSync(path.join(root, file), 'utf8') }));
  const editor = read('extension/**/*.ts');
  const texts = await getL10nJson(editor.map(({ contents }) => ({ extension: '.ts', contents })));
  for (const { file, contents } of [...editor, ...read('schemas/{wording,workflow,language}/**/*.ts')]) {
    for (const pattern of patternsIn(file, contents)) texts[pattern] = pattern;
  }
  return texts;
}

/** A pattern that is not a literal can't be translated; what only hands one on has it as a parameter. */
export function patternsIn(file: string, contents: string): string[] {
  const patterns: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && tellers.has(nameOf(node.expression))) {
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

function literalsOf(argument: ts.Expression | undefined): string[] {
  if (argument === undefined) return [];
  if (ts.isStringLiteralLike(argument)) return [argument.text];
  return ts.isConditionalExpression(argument) ? [...literalsOf(argument.whenTrue), ...literalsOf(argument.whenFalse)] : [];
}
