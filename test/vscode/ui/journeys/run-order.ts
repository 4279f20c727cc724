import type { Workbench } from '../pages/workbench.ts';

/** Runs the shop's workflow *Order placed* as a person does, who types the number of the order. */
export async function runOrder(window: Workbench, number: string): Promise<void> {
  const { prompt } = window;
  await window.command('Sluice: Run Workflow');
  await prompt.choose('Order placed');
  await prompt.asks('number');
  await prompt.type(number);
  await prompt.accept();
  await prompt.choose('Run');
}
