import type { Locator, Page } from 'playwright-core';
import { escaped } from './escaped.ts';

export type ViewName = 'Queues' | 'Runs' | 'Dead Letters' | 'Workflows';

/** After that long without the views a click has closed them, in milliseconds. */
const restoreLimitMs = 5_000;
const mostClicks = 4;

/** Sluice's container in the side bar. */
export class SideBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get tab(): Locator {
    return this.#page.getByRole('tab', { name: /^Sluice/ });
  }

  /**
   * A window that starts may bring the side bar back in the very moment of the click, and a click on what is open closes it. A person then clicks
   * again.
   */
  async open(): Promise<void> {
    const pane = this.#pane('Queues');
    for (let clicks = 0; clicks < mostClicks; clicks++) {
      if (await pane.isVisible()) return;
      await this.tab.click();
      if (await pane.waitFor({ timeout: restoreLimitMs }).then(() => true, () => false)) return;
    }
    await pane.waitFor();
  }

  /** A row of a view by the beginning of its name. */
  row(view: ViewName, name: string | RegExp): Locator {
    const row = this.#pane(view).locator('.monaco-list-row[role="treeitem"]');
    return row.filter({ has: this.#page.locator('.label-name', { hasText: typeof name === 'string' ? new RegExp(`^${escaped(name)}`) : name }) }).first();
  }

  rows(view: ViewName): Locator {
    return this.#pane(view).locator('.monaco-list-row[role="treeitem"]');
  }

  /** The words of a view that has no rows. */
  welcome(view: ViewName): Locator {
    return this.#pane(view).locator('.welcome-view-content');
  }

  /** Opens what is below a row. */
  async expand(row: Locator): Promise<void> {
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
  }

  /** Chooses an icon that a row shows while the mouse is over it. */
  async act(row: Locator, action: string): Promise<void> {
    await row.hover();
    await row.getByRole('button', { name: action }).click();
  }

  /** Chooses an entry of a row's menu. */
  async menu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: 'right' });
    await this.#page.getByRole('menuitem', { name: entry }).click();
  }

  #pane(view: ViewName): Locator {
    return this.#page.locator('.pane', { has: this.#page.locator(`.pane-header[aria-label^="${view}"]`) });
  }
}
