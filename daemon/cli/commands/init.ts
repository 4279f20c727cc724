import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { writeStarterProject } from '../starter-project.ts';

export const addInit: AddCommand = (program, runtime) => {
  program
    .command('init')
    .description('write a small working .sluice/ with comments; files that are there are left alone')
    .addHelpText('after', examples(['sluice init && sluice run hello --wait', 'from nothing to a run']))
    .action(
      runtime.action(async (context) => {
        const made = await writeStarterProject(context.startFolder);
        context.show(made, () =>
          [
            ...made.created.map((file) => `made  ${file}`),
            ...made.kept.map((file) => `kept  ${file} (was there already)`),
            '',
            'What to type next:',
            '  sluice validate          check the files',
            '  sluice run hello --wait  run the workflow to its end',
            '  sluice status            see the daemon and its queues',
          ].join('\n'),
        );
        return exitCodes.done;
      }),
    );
};
