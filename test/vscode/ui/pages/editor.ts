import type { Locator, Page } from 'playwright-core';

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
