import type { Hover } from 'vscode-languageserver-types';
import { english } from '../wording/language.ts';
import { hoverExpression } from './expression-hover.ts';
import type { LanguageProject } from './language-project.ts';
import { describeSymbol } from './symbol-description.ts';
import { hoverValue } from './value-hover.ts';

/** What is meant by what stands at an offset: a name, a part of an expression, a duration, a rate. What a key is for, schemas say. Told in `language`. */
export function hover(project: LanguageProject, path: string, offset: number, language = english): Hover | undefined {
  const file = project.files.get(path);
  if (file === undefined) return undefined;
  const inExpression = hoverExpression(project, file, offset, language);
  if (inExpression !== undefined) return inExpression;
  const occurrence = project.symbols.occurrenceAt(path, offset);
  const symbol = occurrence && project.symbols.get(occurrence);
  const description = symbol && describeSymbol(project, symbol, language);
  if (occurrence !== undefined && description !== undefined) return { contents: { kind: 'markdown', value: description }, range: file.rangeOf(occurrence.range) };
  return hoverValue(file, offset, language);
}
