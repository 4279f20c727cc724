import { lstatSync, renameSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { sluiceFolder } from '../../../schemas/protocol/state-folder.ts';
import { stateFolderOf, unsafeState } from '../../state/state-folder.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { timeStamp } from '../time-stamp.ts';
import { withoutDaemon } from '../without-daemon.ts';

export const addStateSetAside: AddCommand = (state, runtime) => {
  state
    .command('set-aside')
    .description('move the state that lies here to .sluice/state.TIME, and begin without it; nothing is deleted')
    .addHelpText('after', examples(['sluice state set-aside', 'its secrets.env goes along: set secrets again']))
    .action(
      runtime.action(async (context) => {
        const project = await context.project();
        const from = stateFolderOf(project);
        if (lstatSync(path.join(project, sluiceFolder)).isSymbolicLink()) throw new CodedError('foreign-state', `${path.join(project, sluiceFolder)} is a link: put a folder in its place.`);
        if (lstatSync(from, { throwIfNoEntry: false }) === undefined) throw new CodedError('wrong-state', 'There is no state here yet.');
        const to = `${from}.${timeStamp(context.terminal.now())}`;
        const move = (): void => renameSync(from, to);
        // Where even the lock can't be opened safely, no daemon of this user has it.
        if (unsafeState(project) === undefined) await withoutDaemon(project, async () => move());
        else move();
        context.show({ movedTo: to }, () => `The state is in ${to} now. The next start begins without it.`);
        return exitCodes.done;
      }),
    );
};
