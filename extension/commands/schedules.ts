import { askSchedule } from '../ask/pickers.ts';
import { say } from '../wording/language.ts';
import type { Command } from './command.ts';

const pauseSchedule: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askSchedule(app, argument, say('Which schedule is to be paused?'), ({ paused }) => !paused);
    if (asked === undefined) return undefined;
    const schedule = await (await asked.project.connection.ensure()).call('schedule/pause', { id: asked.schedule });
    void app.ask.tell('information', say('The schedule {cron} of {workflow} is paused: it starts nothing until it is resumed, also after a restart.', { cron: schedule.cron, workflow: schedule.workflow }));
    return schedule;
  },
};

const resumeSchedule: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askSchedule(app, argument, say('Which schedule is to be resumed?'), ({ paused }) => paused);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('schedule/resume', { id: asked.schedule });
  },
};

export const scheduleCommands = { pauseSchedule, resumeSchedule };
