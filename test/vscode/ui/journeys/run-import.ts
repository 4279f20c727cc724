import type { Workbench } from '../pages/workbench.ts';

/** A person runs the import of `contacts.csv`. */
export async function runImport(window: Workbench): Promise<void> {
  const { prompt } = window;
  await window.command('Sluice: Run Workflow');
  await prompt.choose('Import contacts');
  await prompt.choose('From a file');
  await prompt.choose('contacts.csv');
  await prompt.asks('Nothing has been sent yet');
  await prompt.choose('Run');
}

/** The same, where the other side refuses each contact. */
export async function importThatFails(window: Workbench): Promise<void> {
  await runImport(window);
  await window.sideBar.open();
  await window.sideBar.row('Runs', 'import r1').filter({ hasText: 'failed' }).waitFor();
}
