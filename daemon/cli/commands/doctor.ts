import type { AddCommand } from '../command-runtime.ts';
import { runChecks } from '../doctor-checks.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderChecks } from '../render/doctor.ts';

export const addDoctor: AddCommand = (program, runtime) => {
  program
    .command('doctor')
    .description('check the installation, the project and the store; exit 1 where something is wrong')
    .addHelpText('after', examples(['sluice doctor', 'when something is odd'], ['sluice doctor --json | jq ".[] | select(.ok | not)"', 'only what is wrong']))
    .action(
      runtime.action(async (context) => {
        const checks = await runChecks(context);
        context.show(checks, (view) => renderChecks(checks, view));
        return checks.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed;
      }),
    );
};
