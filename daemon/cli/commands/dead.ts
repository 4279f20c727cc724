import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { addDeadDiscard } from './dead-discard.ts';
import { addDeadDropEdit } from './dead-drop-edit.ts';
import { addDeadEdit } from './dead-edit.ts';
import { addDeadExport } from './dead-export.ts';
import { addDeadGroups } from './dead-groups.ts';
import { addDeadList } from './dead-list.ts';
import { addDeadReplay } from './dead-replay.ts';

export const addDead: AddCommand = (program, runtime) => {
  const dead = program
    .command('dead')
    .description('list, edit, replay, discard or export dead letters: jobs whose attempts are used up')
    .addHelpText(
      'after',
      examples(
        ['sluice dead', 'what died, the latest first'],
        ['sluice dead replay j40 --edit payload.json', 'again, with another payload'],
        ['sluice dead replay --all --queue erp --rate 10/min', 'all of a queue, slowly'],
        ['sluice dead discard j40', 'give it up'],
      ),
    );
  addDeadList(dead, runtime);
  addDeadGroups(dead, runtime);
  addDeadReplay(dead, runtime);
  addDeadEdit(dead, runtime);
  addDeadDropEdit(dead, runtime);
  addDeadDiscard(dead, runtime);
  addDeadExport(dead, runtime);
};
