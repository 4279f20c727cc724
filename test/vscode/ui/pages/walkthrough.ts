import type { Locator, Page } from 'playwright-core';

/** The page of first steps. */
export class Walkthrough {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get #steps(): Locator {
    return this.#page.locator('.gettingStartedContainer .getting-started-step');
  }

  async opened(title: string): Promise<void> {
    await this.#page.locator('.gettingStartedDetailsContent > .getting-started-category', { hasText: title }).waitFor();
  }

  step(title: string): Locator {
    return this.#steps.filter({ has: this.#page.locator('.step-title', { hasText: title }) });
  }

  /** Unfolds a step and presses one of its buttons. */
  async act(title: string, button: string): Promise<void> {
    const step = this.step(title);
    if ((await step.getAttribute('class'))?.includes('expanded') !== true) await step.locator('.step-title').click();
    await step.getByRole('button', { name: button }).click();
  }

  /** Resolves when the step is ticked off. */
  async done(title: string): Promise<void> {
    await this.step(title).locator('.codicon-getting-started-step-checked').waitFor();
  }
}
