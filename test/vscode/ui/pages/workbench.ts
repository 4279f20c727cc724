import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { Dashboard } from './dashboard.ts';
import { Editor } from './editor.ts';
import { Prompt } from './prompt.ts';
import { SideBar } from './side-bar.ts';
import { Walkthrough } from './walkthrough.ts';

export interface WorkbenchOptions {
  readonly folder: string;
  /** Where pictures go. */
  readonly artefacts: string;
}

/** Longer than anything takes on a busy machine: waiting ends with what is waited for. */
const limitMs = 120_000;
const paletteLookMs = 3_000;
/** VS Code's own, which have nothing to do with the extension: parts that the package lacks, look-ups that are turned off, and what a busy machine keeps from ending in 1,750 ms before a file is saved. */
const ownTroubles = /serviceWorker|Service Worker|vsda|github|AuthenticationProvider|spdlog|native-watchdog|watchdog|Canceled|Aborted onWillSaveTextDocument-event|404 \(Not Found\)|HTTP response code \(404\)|sandbox/i;

/** A window of VS Code. */
export class Workbench {
  readonly folder: string;
  readonly prompt: Prompt;
  readonly sideBar: SideBar;
  readonly walkthrough: Walkthrough;
  readonly dashboard: Dashboard;
  /** What the page wrote to its console. */
  readonly log: string[] = [];
  readonly #page: Page;
  readonly #artefacts: string;

  constructor(page: Page, { folder, artefacts }: WorkbenchOptions) {
    this.folder = folder;
    this.#page = page;
    this.#artefacts = artefacts;
    page.setDefaultTimeout(limitMs);
    page.on('console', (message) => this.log.push(`[${message.type()}] ${message.text()}`));
    page.on('pageerror', (error) => this.log.push(`[error] ${error.message}`));
    this.prompt = new Prompt(page);
    this.sideBar = new SideBar(page);
    this.walkthrough = new Walkthrough(page);
    this.dashboard = new Dashboard(page);
  }

  async load(address: string): Promise<void> {
    await this.#page.goto(address, { waitUntil: 'commit' });
    await this.#page.locator('.monaco-workbench').waitFor();
    await this.#page.locator('.explorer-folders-view .monaco-list-row, .explorer-folders-view .welcome-view').first().waitFor();
  }

  /** What was open is open again, as in any browser. */
  async reload(): Promise<void> {
    await this.#page.reload({ waitUntil: 'commit' });
    await this.#page.locator('.monaco-workbench').waitFor();
  }

  /** Errors that the window reported and that are not VS Code's own. */
  get troubles(): readonly string[] {
    return this.log.filter((line) => line.startsWith('[error]') && !ownTroubles.test(line));
  }

  /**
   * Runs a command of the palette by its title. The palette lists what can be done when it is typed into, and doesn't look again: where it was
   * opened before VS Code knew all about the window, it is closed and opened again, as a person does.
   */
  async command(title: string): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (true) {
      await this.#page.keyboard.press('F1');
      await this.prompt.type(`>${title}`);
      const row = this.prompt.row(title);
      if (await row.waitFor({ timeout: paletteLookMs }).then(() => true, () => performance.now() > deadlineMs)) {
        await row.click();
        return;
      }
      await this.#page.keyboard.press('Escape');
    }
  }

  /** Makes an empty file, and its folders, in the explorer. */
  async newFile(file: string): Promise<Editor> {
    await this.command('File: New File');
    await this.#page.locator('.explorer-folders-view .explorer-item-edited input').fill(file);
    await this.#page.keyboard.press('Enter');
    return this.editor(file);
  }

  /** Shows the files in the side bar, in place of what is there. */
  async explorer(): Promise<void> {
    await this.command('View: Show Explorer');
    await this.#page.locator('.explorer-folders-view').waitFor();
  }

  async openFile(name: string): Promise<Editor> {
    await this.#page.keyboard.press('Control+P');
    await this.prompt.type(name);
    await this.prompt.choose(name);
    return this.editor(name);
  }

  /** The editor of a file by the end of its name, as soon as it is there. */
  async editor(name: string): Promise<Editor> {
    const editor = new Editor(this.#page, name);
    await editor.opened();
    return editor;
  }

  /** Goes to an editor that is open. */
  async tab(name: string): Promise<void> {
    await this.#page.locator('.tabs-container').getByRole('tab', { name }).click();
  }

  get statusBarItem(): Locator {
    return this.#page.locator('[id="sluice.sluice.sluice.depth"]');
  }

  /** The same while it has the colour of a warning. */
  get statusBarWarning(): Locator {
    return this.#page.locator('[id="sluice.sluice.sluice.depth"].warning-kind');
  }

  /** The terminal that is shown, by its name. */
  terminal(name: string): Locator {
    return this.#page.locator('.part.panel .title-actions', { hasText: name });
  }

  /** A notification that holds the text. */
  notification(text: string | RegExp): Locator {
    return this.#page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  /** Chooses an action of a notification. */
  async act(notification: Locator, action: string): Promise<void> {
    await notification.getByRole('button', { name: action }).click();
  }

  async dismissNotifications(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  get page(): Page {
    return this.#page;
  }

  async shot(name: string): Promise<void> {
    await this.picture(this.pictureFile(name));
  }

  /** Where a picture of this name goes. */
  pictureFile(name: string): string {
    return path.join(this.#artefacts, `${name}.png`);
  }

  async picture(file: string): Promise<void> {
    // Away from everything that shows a tooltip.
    await this.#page.mouse.move(0, 0);
    await this.#page.screenshot({ path: file });
  }

  async close(): Promise<void> {
    await this.#page.close();
  }
}
