import { lookAtProjects } from '../../../client/project-look.ts';
import { ProjectList } from '../../../client/project-list.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderProjects } from '../render/projects.ts';

export const addProjects: AddCommand = (program, runtime) => {
  program
    .command('projects')
    .description('list the projects of this machine, the one that was used last first, with their daemons and what waits; starts none')
    .option('--forget', 'take those from the list whose folder is gone')
    .addHelpText('after', examples(['sluice projects', 'every project whose daemon was used by this user'], ['sluice projects --forget', 'after folders were deleted or moved']))
    .action(
      runtime.action(async (context, { forget = false }: { readonly forget?: boolean }) => {
        const list = new ProjectList(context.terminal.io.env);
        const projects = await lookAtProjects(await list.all());
        const gone = projects.filter(({ daemon }) => daemon === 'gone');
        if (forget && gone.length > 0) await list.forget(gone.map(({ folder }) => folder));
        const shown = forget ? projects.filter((project) => !gone.includes(project)) : projects;
        context.show(shown, (view) => renderProjects(shown, { forgotten: forget ? gone.length : undefined }, view));
        return exitCodes.done;
      }),
    );
};
