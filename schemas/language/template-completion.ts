import { CompletionItemKind, InsertTextFormat, InsertTextMode, type CompletionItem } from 'vscode-languageserver-types';
import { english, type Language } from '../wording/language.ts';
import { workflowIdOf } from '../workflow/analysis/analyse-workflow.ts';
import type { LanguageFile } from './language-file.ts';
import { foreachTemplate, stepTemplates } from './templates/step-templates.ts';
import { recipeTemplates } from './templates/recipes.ts';
import { workflowTemplates } from './templates/workflow-templates.ts';

/** Whole workflows in a file that has nothing but comments, and whole steps where the id of a step could stand. */
export function completeTemplates(file: LanguageFile, offset: number, language = english): CompletionItem[] {
  if (file.kind !== 'workflow') return [];
  if (!/^[ \t]*[^\s#]/m.test(withoutWord(file.text, offset))) return workflows(file, offset, language);
  return isStepPlace(file.text, offset) ? steps(file, offset, language) : [];
}

function workflows(file: LanguageFile, offset: number, { dataText }: Language): CompletionItem[] {
  const id = workflowIdOf(file.path).replace(/\W/g, '_');
  const name = id.replace(/_+/g, ' ').trim();
  return [...workflowTemplates, ...recipeTemplates].map(({ id: template, title, summary, text }, index) => ({
    kind: CompletionItemKind.Snippet,
    label: dataText(title),
    filterText: template,
    documentation: dataText(summary),
    sortText: `9${String(index).padStart(2, '0')}`,
    insertTextFormat: InsertTextFormat.PlainText,
    textEdit: { range: wordRange(file, offset), newText: text({ id, name: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}` }) },
  }));
}

function steps(file: LanguageFile, offset: number, { dataText, say }: Language): CompletionItem[] {
  return [...stepTemplates, foreachTemplate].map(({ action, summary, snippet }, index) => ({
    kind: CompletionItemKind.Snippet,
    label: say('step: {action}', { action }),
    filterText: action,
    documentation: dataText(summary),
    sortText: `8${index}`,
    insertTextFormat: InsertTextFormat.Snippet,
    insertTextMode: InsertTextMode.adjustIndentation,
    textEdit: { range: wordRange(file, offset), newText: snippet },
  }));
}

/** On a line of its own, directly below `steps` or `on-failure`. It goes by indentation, so that it works in a file that is being typed. */
function isStepPlace(text: string, offset: number): boolean {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  const [, indent] = /^( +)[\w/-]*$/.exec(before.pop() ?? '') ?? [];
  if (indent === undefined || /^[^\r\n]*\S/.test(text.slice(offset))) return false;
  const parent = before.findLast((line) => /^\s*[^\s#]/.test(line) && line.search(/\S/) < indent.length);
  return parent !== undefined && /^(?:steps|on-failure):\s*(?:#.*)?$/.test(parent);
}

/** What has been typed of a name so far. */
function wordRange(file: LanguageFile, offset: number): ReturnType<LanguageFile['rangeOf']> {
  return file.rangeOf({ start: wordStart(file.text, offset), end: offset });
}

function withoutWord(text: string, offset: number): string {
  return text.slice(0, wordStart(text, offset)) + text.slice(offset);
}

function wordStart(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && /[\w/-]/.test(text.charAt(start - 1))) start -= 1;
  return start;
}
