import type { Language } from '../wording/language.ts';
import type { CompletionItem } from 'vscode-languageserver-types';

export interface CompletionOptions {
  /** What the items are described in; English if it is left out. */
  readonly language?: Language;
  /** Whether the editor fills in snippets (`${1:name}`). */
  readonly snippets?: boolean;
}

export interface Completions {
  readonly items: readonly CompletionItem[];
  /** Nothing but these can be there, such as within an expression: what a schema would offer is left out. */
  readonly exclusive: boolean;
}

/** A text as it is in a snippet, where `$`, `}` and `\` mean something. */
export function snippetText(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
