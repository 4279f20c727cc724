import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export const bundleFile = 'l10n/bundle.l10n.json';

/** Calls whose first argument is a pattern of `schemas/wording/message.ts`. */
const tellers = new Set(['say', 'message']);

/** Every text that the editor shows, those of the language service and of the daemon's errors too: the pattern of each message, by itself as its key. */
export function translatableTexts(root: string): Record<string, string> {
  const files = globSync('{extension,schemas,client,daemon}/**/*.ts', { cwd: root }).filter((file) => !path.matchesGlob(file, 'daemon/cli/**'));
  const patterns = files.flatMap((file) => patternsIn(file, readFileSync(path.join(root, file), 'utf8')));
  return Object.fromEntries(patterns.map((pattern) => [pattern, pattern]));
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
