import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import type { ExitCode } from '../exit-code.ts';
import { languageServerUrl } from '../language-server-location.ts';

export const addLanguageServer: AddCommand = (program, runtime) => {
  program
    .command('language-server')
    .description('serve editors that speak the Language Server Protocol; needs no daemon and starts none')
    .option('--stdio', 'over stdin and stdout; there is no other way yet, so it may be left out')
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
