import path from 'node:path';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { checkGivenFiles, checkProject } from '../project-check.ts';
import { renderCheckSummary, renderDiagnostic } from '../render/diagnostics.ts';

export const addValidate: AddCommand = (program, runtime) => {
  program
    .command('validate')
    .argument('[file...]', 'workflow files; all files of the project where none is named')
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
