import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes } from '../exit-code.ts';
import { parseScheduleId } from '../option-parsers.ts';
import { renderSchedule, renderSchedules } from '../render/schedules.ts';

export const addSchedules: AddCommand = (program, runtime) => {
  const schedules = program
    .command('schedules')
    .description('list, pause or resume schedules: next and last times, and missed ones')
    .addHelpText('after', examples(['sluice schedules', 'all of them'], ['sluice schedules pause s2', 'starts nothing until it is resumed']));
  addSchedulesList(schedules, runtime);
  addSchedulesPause(schedules, runtime);
  addSchedulesResume(schedules, runtime);
};

const addSchedulesList: AddCommand = (schedules, runtime) => {
  schedules
    .command('list', { isDefault: true })
    .description('list schedules by workflow (the default of `sluice schedules`)')
    .option('--workflow <workflow>', 'only of this workflow')
    .action(
      runtime.action(async (context, filter: { readonly workflow?: string }) => {
        const { schedules: found } = await (await context.connectToLook()).call('schedule/list', filter);
        context.show(found, (view) => renderSchedules(found, view));
        return exitCodes.done;
      }),
    );
};

const addSchedulesPause: AddCommand = (schedules, runtime) => {
  schedules
    .command('pause')
    .argument('<id>', 'such as s2', parseScheduleId)
    .description('pause a schedule: it starts no runs until it is resumed, across restarts too')
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
    .description('resume a schedule; times that came while it was paused start no runs')
    .action(
      runtime.action(async (context, id: string) => {
        const schedule = await (await context.connect()).call('schedule/resume', { id });
        context.show(schedule, (view) => renderSchedule(schedule, view));
        return exitCodes.done;
      }),
    );
};
