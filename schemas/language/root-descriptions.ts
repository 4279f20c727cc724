import type { Root } from '../workflow/analysis/expression-scope.ts';

/** What the names are that expressions know everywhere, as Markdown. */
export const rootDescriptions: Readonly<Record<Root, string>> = {
  inputs: 'What the run was given.',
  trigger: 'What started the run.',
  steps: 'The other steps: their output, results and status. A step waits for those that it refers to.',
  run: 'The run itself: its id, its workflow, when it was made, and why it failed.',
  job: 'The job at hand: the index and the key of its item.',
  secrets: 'Secrets, each alone between its braces. Their values are filled in only when an attempt starts.',
  env: 'Variables of the environment that `.sluice/config.yaml` allows.',
};
