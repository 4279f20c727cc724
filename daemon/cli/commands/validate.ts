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
      runtime.action(async (context, files: readonly string[]) => {
        const { terminal } = context;
        const { cwd } = terminal.io;
        const checked =
          files.length === 0
            ? await checkProject(await context.project())
            : await checkGivenFiles(
                files.map((file) => path.resolve(cwd, file)),
                await context.projectIfAny(),
                cwd,
              );
        if (context.json) terminal.out(JSON.stringify(checked.diagnostics, null, 2));
        else {
          for (const one of checked.diagnostics) terminal.out(renderDiagnostic(one, terminal.view));
          terminal.err(renderCheckSummary(checked.files, checked.diagnostics));
        }
        return checked.diagnostics.some(({ severity }) => severity === 'error') ? exitCodes.failed : exitCodes.done;
      }),
    );
};
