import { askProject } from '../ask/pickers.ts';
import { readTarget } from '../base/target.ts';
import { alertTestText } from '../../schemas/wording/alert-receiver.ts';
import { connectionTestText } from '../../schemas/wording/connection.ts';
import { say, textOf } from '../wording/language.ts';
import type { Command } from './app.ts';

/** Calls the other side once, and says whether it works and what it answered. */
const testConnection: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const named = readTarget(argument)?.connection;
    const { connections } = named === undefined ? await daemon.call('connection/list', {}) : { connections: [] };
    if (named === undefined && connections.length === 0) {
      void app.ask.tell('information', say('{project} has no connections: .sluice/connections.yaml declares them.', { project: project.name }));
      return undefined;
    }
    const items = connections.map(({ name, type, address, lacks }) => ({
      label: name,
      description: `${type} · ${address}`,
      ...(lacks.length === 0 ? {} : { detail: say('Not set: {secrets}', { secrets: lacks.join(', ') }) }),
    }));
    const name = named ?? (await app.ask.pick(items, { placeHolder: say('Which connection is to be tested?') }))?.label;
    if (name === undefined) return undefined;
    const test = await daemon.call('connection/test', { name });
    const text = [textOf(connectionTestText(test)), ...(test.body === undefined ? [] : [test.body])].join(' ');
    void app.ask.tell(test.verdict === 'works' ? 'information' : test.verdict === 'reached' ? 'warning' : 'error', text);
    return test.verdict;
  },
};

/** Sends a test to everyone who is told of alerts, and says who was reached. */
const testAlerts: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const { tests } = await (await project.connection.ensure()).call('alert/test', {});
    if (tests.length === 0) void app.ask.tell('information', say('Nobody is told of alerts of {project}: `alerts` in .sluice/config.yaml names no receiver.', { project: project.name }));
    for (const test of tests) void app.ask.tell(test.ok ? 'information' : 'error', textOf(alertTestText(test)));
    return tests.map(({ ok }) => ok);
  },
};

export const connectionCommands = { testConnection, testAlerts };
