import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderStateReport } from '../render/state-report.ts';
import { reportState } from '../state-report.ts';
import { addStateAdopt } from './state-adopt.ts';
import { addStateSalvage } from './state-salvage.ts';
import { addStateSetAside } from './state-set-aside.ts';

export const addState: AddCommand = (program, runtime) => {
  const state = program
    .command('state')
    .description('show what lies in .sluice/state/, whose it is and what waits in it, without starting anything')
    .addHelpText(
      'after',
      examples(
        ['sluice state', 'look, before anything is used'],
        ['sluice state adopt', 'after a copy, a restored backup, or a new home folder'],
        ['sluice state set-aside', 'after a clone that brought that of somebody else along'],
      ),
    )
    .action(
      runtime.action(async (context) => {
        const report = reportState(await context.project());
        context.show(report, (view) => renderStateReport(report, view));
        return exitCodes.done;
      }),
    );
  addStateAdopt(state, runtime);
  addStateSalvage(state, runtime);
  addStateSetAside(state, runtime);
};
