import type { Locator, Page } from 'playwright-core';

/** The box at the top of the window that lists, filters and asks. */
export class Prompt {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get input(): Locator {
    return this.#page.locator('.quick-input-widget:visible input[type="text"]');
  }

  get rows(): Locator {
    return this.#page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
  }

  /** The first row that holds the text. */
  row(text: string): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /** Waits until it asks this. */
  async asks(text: string): Promise<void> {
    await this.#page.locator('.quick-input-widget:visible', { hasText: text }).or(this.#page.locator(`.quick-input-widget:visible input[placeholder*="${text}"]`)).first().waitFor();
  }

  async type(text: string): Promise<void> {
    await this.input.waitFor();
    await this.input.fill(text);
  }

  async choose(text: string): Promise<void> {
    await this.row(text).click();
  }

  async accept(): Promise<void> {
    await this.input.press('Enter');
  }
}
