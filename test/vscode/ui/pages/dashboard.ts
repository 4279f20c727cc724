import type { FrameLocator, Locator, Page } from 'playwright-core';

/** The panel of the dashboard: a page that VS Code shows in a frame within a frame. */
export class Dashboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get #content(): FrameLocator {
    return this.#page.frameLocator('iframe.webview[src*="extensionId=sluice.sluice"]').frameLocator('#active-frame');
  }

  /** What it says of the daemon. */
  connection(text: string): Locator {
    return this.#content.getByTestId('connection').filter({ hasText: text });
  }

  /** Why it isn't live, and what can be done. */
  notice(text: string): Locator {
    return this.#content.getByTestId('notice').filter({ hasText: text });
  }

  /** Chooses a button of the page. */
  async act(title: string): Promise<void> {
    await this.#content.getByRole('button', { name: title }).click();
  }

  /** Resolves when that queue and that range are chosen. */
  async shows(queue: string, range: string): Promise<void> {
    await this.#content.getByTestId('queue').locator('option:checked', { hasText: queue }).waitFor({ state: 'attached' });
    await this.#content.getByTestId('range').locator(`input:checked[value="${range}"]`).waitFor({ state: 'attached' });
  }

  async chooseQueue(name: string): Promise<void> {
    await this.#content.getByTestId('queue').selectOption(name);
  }

  async chooseRange(name: string): Promise<void> {
    await this.#content.getByTestId('range').getByText(name, { exact: true }).click();
  }

  chart(id: string): Locator {
    return this.#content.getByTestId(`chart-${id}`);
  }

  /**
   * Notes from now on what it says of the daemon, for however short a moment, and whether it shows figures meanwhile. Resolves to a function that
   * resolves to all that when the daemon is there again.
   */
  async watchConnection(): Promise<() => Promise<readonly string[]>> {
    const connection = this.#content.getByTestId('connection');
    await connection.evaluate(noteTexts);
    return async () => {
      const told: readonly string[] = await connection.evaluate('globalThis.told');
      return told;
    };
  }
}

/** Runs in the page. Its value is not a promise: that would be waited for. */
const noteTexts = `(() => {
  const element = document.querySelector('[data-testid="connection"]');
  const texts = [];
  globalThis.told = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const text = element.textContent.trim();
      if (document.querySelector('[data-testid="tiles"]') === null) texts.push('no figures');
      if (texts.at(-1) !== text) texts.push(text);
      if (texts.length < 2 || text !== 'Live') return;
      observer.disconnect();
      resolve(texts);
    });
    observer.observe(element, { childList: true, characterData: true, subtree: true });
  });
})()`;
