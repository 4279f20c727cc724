import assert from 'node:assert/strict';
import { FilterList } from '../../../../client/filters.ts';
import type { Stage } from '../stage.ts';
import { importThatFails } from './run-import.ts';
import { shopProject } from './shop-project.ts';

/** Of many dead letters, those that an expression is true for: seen, saved for the command too, found again, and dropped. */
export function filterJourney(stage: () => Stage): void {
  it('a person filters the dead letters, saves the filter, and shows everything again by its row', async () => {
    stage().respond(() => ({ status: 422, body: 'no such contact' }));
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar, prompt } = window;
    await importThatFails(window);
    await window.dismissNotifications();

    await window.command('Sluice: Filter Dead Letters');
    await prompt.asks('No filter is saved in this project yet');
    await window.shot('filter-1-choice');
    await prompt.choose('Expression…');
    await prompt.type('index < ');
    await prompt.asks('expression');
    await prompt.type('index < 30');
    await prompt.accept();
    await sideBar.row('Dead Letters', 'Filter: index < 30').waitFor();
    await sideBar.row('Dead Letters', 'no such contact').filter({ hasText: '30 · newest' }).or(sideBar.row('Dead Letters', '422').filter({ hasText: '30 · newest' })).first().waitFor();
    await window.shot('filter-2-on');

    await window.command('Sluice: Filter Dead Letters');
    await prompt.choose('Save This Filter…');
    await prompt.type('first-thirty');
    await prompt.accept();
    await sideBar.row('Dead Letters', 'Filter: first-thirty').waitFor();
    assert.deepEqual(await new FilterList(window.folder).all(), [{ name: 'first-thirty', where: 'index < 30' }]);
    await sideBar.row('Dead Letters', 'Filter: first-thirty').click();
    await sideBar.row('Dead Letters', 'Filter: first-thirty').waitFor({ state: 'detached' });
    await window.command('Sluice: Filter Dead Letters');
    await prompt.row('first-thirty').waitFor();
    await window.shot('filter-3-saved');
    await prompt.choose('first-thirty');
    await sideBar.row('Dead Letters', 'Filter: first-thirty').waitFor();
  });
}
