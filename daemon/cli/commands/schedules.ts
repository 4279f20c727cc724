import { type AddCommand, examples } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { parseScheduleId } from '../option-parsers.ts';
import { renderSchedule, renderSchedules } from '../render/schedules.ts';

export const addSchedules: AddCommand = (program, runtime) => {
  const schedules = program
    .command('schedules')
    .description('when workflows start by themselves: next and last times, what was missed')
    .addHelpText('after', examples(['sluice schedules', 'all of them'], ['sluice schedules pause s2', 'it starts nothing until it is resumed']));
  addSchedulesList(schedules, runtime);
  addSchedulesPause(schedules, runtime);
  addSchedulesResume(schedules, runtime);
};

const addSchedulesList: AddCommand = (schedules, runtime) => {
  schedules
    .command('list', { isDefault: true })
    .description('list them by workflow; what `sluice schedules` alone does')
    .option('--workflow <workflow>', 'of this workflow')
    .action(
      runtime.action(async (context, filter: { readonly workflow?: string }) => {
        const { schedules: found } = await (await context.connect()).call('schedule/list', filter);
        context.show(found, (view) => renderSchedules(found, view));
        return exitCodes.done;
      }),
    );
};

const addSchedulesPause: AddCommand = (schedules, runtime) => {
  schedules
    .command('pause')
    .argument('<id>', 'such as s2', parseScheduleId)
    .description('start nothing at its times, until it is resumed; kept over restarts')
    .action(
      runtime.action(async (context, id: string) => {
        const schedule = await (await context.connect()).call('schedule/pause', { id });
        context.show(schedule, (view) => renderSchedule(schedule, view));
        return exitCodes.done;
      }),
    );
};

const addSchedulesResume: AddCommand = (schedules, runtime) => {
  schedules
    .command('resume')
    .argument('<id>', 'such as s2', parseScheduleId)
    .description('start runs at its times again; those that came while it was paused start nothing')
    .action(
      runtime.action(async (context, id: string) => {
        const schedule = await (await context.connect()).call('schedule/resume', { id });
        context.show(schedule, (view) => renderSchedule(schedule, view));
        return exitCodes.done;
      }),
    );
};
