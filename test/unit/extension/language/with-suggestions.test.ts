import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { withSuggestions } from '../../../../extension/language/client/with-suggestions.ts';

type Item = Pick<vscode.CompletionItem, 'insertText' | 'command'>;

describe('completions in VS Code', () => {
  it('ask for the value behind a key that was taken, and for what is behind a dot, and for nothing else', () => {
    const texts = ['uses: ', 'on-failure: ', 'steps.', 'steps:\n  ', 'http/request', 'timeout: 30s'];
    const items = texts.map((insertText): Item => ({ insertText }));
    withSuggestions({ items });
    assert.deepEqual(items.map(({ command }) => command?.command !== undefined), [true, true, true, false, false, false]);
  });

  it('keep the command that they have, and may be none', () => {
    const own = { command: 'own', title: '' };
    assert.deepEqual(withSuggestions([{ insertText: 'a: ', command: own }]), [{ insertText: 'a: ', command: own }]);
    for (const nothing of [undefined, null] as const) assert.doesNotThrow(() => withSuggestions(nothing));
  });
});
