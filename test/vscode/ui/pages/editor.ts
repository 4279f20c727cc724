import type { Locator, Page } from 'playwright-core';
import { escaped } from './escaped.ts';

const limitMs = 120_000;
const offerLookMs = 3_000;

/** The text of one file. */
export class Editor {
  readonly #page: Page;
  readonly #name: string;

  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
  }

  get #editor(): Locator {
    return this.#page.locator(`.editor-instance .monaco-editor[data-uri*="${encodeURI(this.#name)}"]`).first();
  }

  get lines(): Locator {
    return this.#editor.locator('.view-line');
  }

  async opened(): Promise<void> {
    await this.lines.first().waitFor();
  }

  /** Replaces a word, as a person does: a double click, and typing over it. `line`: what the line holds then. */
  async replaceWord(word: string, by: string, line: string): Promise<void> {
    await this.lines.locator('span span', { hasText: word }).first().dblclick();
    await this.#page.keyboard.insertText(by);
    await this.lines.filter({ hasText: line }).first().waitFor();
  }

  /** Puts the caret at the end and types. */
  async append(text: string): Promise<void> {
    await this.#editor.locator('.view-lines').click();
    await this.#page.keyboard.press('Control+End');
    await this.#page.keyboard.insertText(text);
  }

  /** Types where the caret is, key by key, as a person does: the editor closes brackets and offers completions meanwhile. */
  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** Presses keys one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
  }

  /** Asks what could be at the caret, and takes one of it. It is asked for again where the language server isn't there yet. */
  async complete(label: string): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    await this.press('Control+Space');
    while (!(await this.#offer(label).waitFor({ timeout: offerLookMs }).then(() => true, () => performance.now() > deadlineMs))) await this.press('Escape', 'Control+Space');
    await this.choose(label);
  }

  /** Takes one of what the editor offers by itself. */
  async choose(label: string): Promise<void> {
    await this.#offer(label).click();
    await this.#offer(label).waitFor({ state: 'hidden' });
  }

  #offer(label: string): Locator {
    return this.#page.locator('.suggest-widget.visible .monaco-list-row').filter({ has: this.#page.locator('.label-name', { hasText: new RegExp(`^${escaped(label)}$`) }) });
  }

  /** Resolves when the file is on its disk. */
  async save(): Promise<void> {
    await this.#page.keyboard.press('Control+S');
    await this.#page.locator('.tab.active:not(.dirty)').waitFor();
  }

  /** An icon above the editor. */
  async act(action: string): Promise<void> {
    await this.#page.locator('.editor-actions').getByRole('button', { name: action }).click();
  }
}
