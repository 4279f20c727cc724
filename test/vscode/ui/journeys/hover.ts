import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';
import { runImport } from './run-import.ts';
import { shopProject } from './shop-project.ts';

/** More than what is told of a queue in the time after which rows that nobody reads are drawn again. */
const moved = 70;

/** A queue that moves while a person reads about it. */
export function hoverJourney(stage: () => Stage): void {
  it('a person reads the tooltip of a busy queue: it opens, and stays while the figures move', async () => {
    stage().respond(() => ({ status: 201, headers: { 'content-type': 'application/json' }, body: '{}' }));
    const contacts = Array.from({ length: 990 }, (_, index) => `person${index + 1}@example.com`);
    const window = await stage().window(await stage().folder('shop', { ...shopProject(stage().url), 'contacts.csv': ['email', ...contacts, ''].join('\n') }));
    const { sideBar, page } = window;
    await sideBar.open();
    await runImport(window);
    const queue = sideBar.row('Queues', 'erp');
    await queue.filter({ hasText: /\d+ waiting/ }).waitFor();
    // Ten calls a second, for a minute and a half.
    await queue.locator('.label-name').hover();
    const tooltip = page.locator('.monaco-hover:visible', { hasText: 'erp' });
    await tooltip.waitFor();
    const shown = await tooltip.elementHandle();
    const before = await window.statusBarItem.innerText();
    await page.screenshot({ path: window.pictureFile('hover-1-tooltip') });
    // What is told of the queue meanwhile reaches the window: the status bar moves.
    const left = Number(/\d+/.exec(before)?.[0]);
    assert.ok(left > moved, before);
    await window.statusBarItem.filter({ hasText: new RegExp(`^\\s*(${Array.from({ length: left - moved }, (_, index) => index).join('|')})\\s*$`) }).waitFor();
    assert.equal(await shown.isVisible(), true, 'the tooltip stays');
    await page.screenshot({ path: window.pictureFile('hover-2-stays') });
    assert.deepEqual(window.troubles, []);
  });
}
