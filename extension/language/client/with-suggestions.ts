import type * as vscode from 'vscode';

type Item = Pick<vscode.CompletionItem, 'insertText' | 'command'>;
type Answer = readonly Item[] | { readonly items: readonly Item[] } | null | undefined;

const suggest = { command: 'editor.action.triggerSuggest', title: '' } as const;

/** Anyone who takes a key wants its value next: VS Code then asks for completions by itself. */
export function withSuggestions<Given extends Answer>(answer: Given): Given {
  for (const item of itemsOf(answer)) {
    const text = typeof item.insertText === 'string' ? item.insertText : item.insertText?.value;
    if (item.command === undefined && text !== undefined && /^[\w-]+: $|\.$/.test(text)) item.command = { ...suggest };
  }
  return answer;
}

function itemsOf(answer: Answer): readonly Item[] {
  if (answer === null || answer === undefined) return [];
  return 'items' in answer ? answer.items : answer;
}
