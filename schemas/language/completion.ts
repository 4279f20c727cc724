import { lineStart } from '../workflow/line-map.ts';
import type { CompletionOptions, Completions } from './completions.ts';
import { completeExpression } from './expression-completion.ts';
import { expressionCursor } from './expression-cursor.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';
import { completeKey, completeName } from './name-completion.ts';
import { openExpression } from './open-expression.ts';

/** What could be at an offset, by what is meant there: within expressions, and where names of the project stand. */
export function complete(project: LanguageProject, path: string, offset: number, options: CompletionOptions = {}): Completions {
  const file = project.files.get(path);
  if (file === undefined) return { items: [], exclusive: false };
  const found = completeOpenExpression(project, file, offset, options) ?? completeAt(project, file, offset, options);
  if (found !== undefined) return found;
  // Where a value is still missing there is no node to ask about, so one is put there for the time of the question.
  const isKey = isKeyMissing(file.text, offset);
  if (!isKey && !isValueMissing(file.text, offset)) return { items: [], exclusive: false };
  const text = `${file.text.slice(0, offset)}${stopgap}${isKey ? ':' : ''}${file.text.slice(offset)}`;
  const asIf = project.with({ path, text, kind: file.kind });
  const patched = asIf.files.get(path);
  const there = patched && (isKey ? completeKey(asIf, patched, offset, options.language) : completeAt(asIf, patched, offset, options));
  if (there === undefined) return { items: [], exclusive: false };
  // The stopgap isn't in the text that the edits are for.
  const at = file.positionAt(offset);
  return { ...there, items: there.items.map((item) => ({ ...item, ...(item.textEdit === undefined ? {} : { textEdit: { range: { start: at, end: at }, newText: item.textEdit.newText } }) })) };
}

/** Where an expression isn't finished, as if it were; its items finish it. */
function completeOpenExpression(project: LanguageProject, file: LanguageFile, offset: number, options: CompletionOptions): Completions | undefined {
  const open = openExpression(file.text, offset, (at) => file.positionAt(at));
  if (open === undefined || expressionCursor(file, offset)?.isClosed === true) return undefined;
  const asIf = project.with({ path: file.path, text: open.text, kind: file.kind });
  const patched = asIf.files.get(file.path);
  const there = patched && completeExpression(asIf, patched, open.offset, options);
  return there?.exclusive === true ? { exclusive: true, items: there.items.map((item) => open.complete(item, options.snippets === true)) } : undefined;
}

/** No id, and no word of the language: nobody refers to it. */
const stopgap = 'sluice__stopgap__';

function completeAt(project: LanguageProject, file: LanguageFile, offset: number, options: CompletionOptions): Completions | undefined {
  return completeExpression(project, file, offset, options) ?? completeName(project, file, offset, options.language);
}

/** On an empty line, where a key may begin. */
function isKeyMissing(text: string, offset: number): boolean {
  return /^[ \t]+$/.test(text.slice(lineStart(text, offset), offset)) && /^[ \t]*(?:$|[\r\n])/.test(text.slice(offset));
}

/** Behind `key:`, `-`, `[` or `,` of a line, where a value begins. */
function isValueMissing(text: string, offset: number): boolean {
  const line = text.slice(lineStart(text, offset), offset);
  const rest = /^[^\r\n]*/.exec(text.slice(offset))?.[0] ?? '';
  return /(?:[\w"']:|-|,)[ \t]+$|\[[ \t]*$|,$/.test(line) && /^[ \t]*(?:$|[\]},#])/.test(rest);
}
