import * as vscode from 'vscode';
import type { CommandId } from '../base/ids.ts';
import type { AttemptState, JobState, RunState, StepState } from '../../schemas/protocol/id.ts';
import type { Target } from '../base/target.ts';
import { commandLink, escapeMarkdown } from '../wording/outside-text.ts';
import { lookOfState } from '../wording/state-look.ts';

export interface FactLink {
  readonly title: string;
  readonly command: CommandId;
  readonly target: Target;
}

/** A tooltip of a title, rows of name and value, and links. Texts from outside can't be markup in it. */
export function factTable(title: string, facts: readonly (readonly [name: string, value: string])[], links: readonly FactLink[] = []): vscode.MarkdownString {
  const rows = facts.map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`);
  const linkLine = links.map(({ title: label, command, target }) => commandLink(escapeMarkdown(label), command, target)).join(' · ');
  const markdown = new vscode.MarkdownString([`**${escapeMarkdown(title)}**`, '', '| | |', '|:--|:--|', ...rows, '', linkLine].join('\n'));
  markdown.isTrusted = { enabledCommands: links.map(({ command }) => command) };
  return markdown;
}

export function stateIcon(state: JobState | StepState | RunState | AttemptState): vscode.ThemeIcon {
  const { icon, color } = lookOfState(state);
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}
