import * as vscode from 'vscode';
import { escapeMarkdown } from '../../wording/amount.ts';

/** A tooltip of a title and rows of name and value. Texts from outside can't be markup in it. */
export function factTable(title: string, facts: readonly (readonly [name: string, value: string])[]): vscode.MarkdownString {
  const rows = facts.map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  return new vscode.MarkdownString([`**${escapeMarkdown(title)}**`, '', '| | |', '|:--|:--|', ...rows].join('\n'));
}
