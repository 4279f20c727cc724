import path from 'node:path';
import { lookAtProjects, ProjectList } from '../../../client/projects.ts';
import { type AddCommand, examples } from '../command-context.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import { checkGivenFiles, checkProject } from '../project-check.ts';
import { renderCheckSummary, renderDiagnostic } from '../render/checks.ts';
import { renderProjects } from '../render/status.ts';
import { writeStarterProject } from '../starter-project.ts';

export const addProjects: AddCommand = (program, runtime) => {
  program
    .command('projects')
    .description('list the projects of this machine, last used first, with their daemons and waiting jobs; starts no daemon')
    .option('--forget', 'remove projects from the list whose folder no longer exists')
    .addHelpText('after', examples(['sluice projects', 'all projects that you have used'], ['sluice projects --forget', 'after folders were deleted or moved']))
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

export const addInit: AddCommand = (program, runtime) => {
  program
    .command('init')
    .description('write a small working .sluice/ with comments; existing files are not changed')
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

export const addValidate: AddCommand = (program, runtime) => {
  program
    .command('validate')
    .argument('[file...]', 'workflow files; if omitted, all files of the project')
    .description('check files as the editor does, without the daemon; exit 1 on an error')
    .addHelpText('after', examples(['sluice validate', 'the whole project'], ['sluice validate a.sluice.yaml', 'one file, in a project or not'], ['sluice validate --json', 'an array, for CI']))
    .action(
      runtime.action(async (context, given: readonly string[]) => {
        const { terminal } = context;
        const { cwd, env } = terminal.io;
        const { files, diagnostics } =
          given.length === 0
            ? await checkProject(await context.project(), env)
            : await checkGivenFiles(
                given.map((file) => path.resolve(cwd, file)),
                { cwd, env },
              );
        if (context.json) terminal.out(JSON.stringify(diagnostics, null, 2));
        else {
          for (const one of diagnostics) terminal.out(renderDiagnostic(one, terminal.view));
          terminal.err(renderCheckSummary(files, diagnostics));
        }
        return diagnostics.some(({ severity }) => severity === 'error') ? exitCodes.failed : exitCodes.done;
      }),
    );
};

export const addLanguageServer: AddCommand = (program, runtime) => {
  program
    .command('language-server')
    .description('run the language server for an editor; needs no daemon and starts none')
    .option('--stdio', 'communicate over stdin and stdout; the only way, so it may be omitted')
    // Editors add what they like, the id of their process for one.
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', examples(['sluice language-server --stdio', 'for the settings of an editor, never for a person']))
    .action(
      runtime.action(async () => {
        // The server reads its arguments by itself, as it does where VS Code starts it.
        if (!process.argv.includes('--stdio')) process.argv.push('--stdio');
        await import(languageServerUrl.href);
        // From here on the server ends this process: when its client says so, or is gone.
        return new Promise<ExitCode>(() => undefined);
      }),
    );
};

/**
 * The program of the language server. In source it is with the extension, whose server it is as well; in a build it lies in `dist/`
 * beside this module.
 */
const languageServerUrl: URL = new URL(import.meta.url.endsWith('.ts') ? '../../../extension/language/server/main.ts' : './language-server.js', import.meta.url);
