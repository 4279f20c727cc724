import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import { readChosen } from '../selection/chosen.ts';
import type { DeadGroup } from './dead-group.ts';

/** The dead letters that are selected, a group for each project; none where a command was called for something else. */
export function chosenDeadLetters({ projects }: App, argument: unknown, selected: unknown): readonly DeadGroup[] {
  const chosen = readChosen('job', argument, selected);
  const [first] = chosen;
  const name = chosen.length === 1 && first !== undefined ? first.id : l10n.t('the selection');
  return [...Map.groupBy(chosen, ({ folder }) => folder)].flatMap(([folder, ofProject]) => {
    const project = projects.get(folder);
    return project === undefined ? [] : [{ project, selection: { ids: ofProject.map(({ id }) => id) }, name }];
  });
}
