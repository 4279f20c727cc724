import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { writeStarterProject } from '../starter-project.ts';

export const addInit: AddCommand = (program, runtime) => {
  program
    .command('init')
    .description('write a small working .sluice/ with comments; files that are there are left alone')
    .addHelpText('after', examples(['sluice init', 'make a project here'], ['sluice practice', 'in another terminal: what its workflow calls'], ['sluice run hello --wait', 'a run, without a network']))
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
            '  sluice practice          in another terminal: the server that the workflow calls',
            '  sluice run hello --wait  run the workflow to its end',
            '  sluice status            see the daemon and its queues',
          ].join('\n'),
        );
        return exitCodes.done;
      }),
    );
};
