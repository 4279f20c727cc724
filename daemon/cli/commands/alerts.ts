import type { Command } from 'commander';
import { english } from '../../../schemas/wording/language.ts';
import { alertTestText } from '../../../schemas/wording/alert-receiver.ts';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parseSpan } from '../option-parsers.ts';
import { renderAlerts, renderMute } from '../render/alerts.ts';
import { oneLine } from '../render/format.ts';

export const addAlerts: AddCommand = (program, runtime) => {
  const alerts = program
    .command('alerts')
    .description('show alerts and who was told of them, send a test, or mute a queue')
    .addHelpText('after', examples(['sluice alerts', 'what is crossed, and who was told'], ['sluice alerts test', 'see whether it arrives'], ['sluice alerts mute erp --for 2h', 'while it is being repaired']));
  addList(alerts, runtime);
  addTest(alerts, runtime);
  addMute(alerts, runtime);
  addUnmute(alerts, runtime);
};

const addList: AddCommand = (alerts, runtime) => {
  alerts
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('show what is crossed, who is told of alerts, and what each was told (the default of `sluice alerts`)')
    .action(
      runtime.action(async (context, _options: object, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'alerts ${word}': there are alerts list, alerts test, alerts mute and alerts unmute`);
        const client = await context.connectToLook();
        const [{ receivers, mutes, heartbeat }, { queues }] = [await client.call('alert/list', {}), await client.call('queue/list', {})];
        const raised = queues.flatMap(({ name, alerts: all }) => all.map((alert) => ({ queue: name, ...alert })));
        context.show({ alerts: raised, receivers, mutes, ...(heartbeat === undefined ? {} : { heartbeat }) }, (view) => renderAlerts({ raised, receivers, mutes, heartbeat }, view));
        return exitCodes.done;
      }),
    );
};

const addTest: AddCommand = (alerts, runtime) => {
  alerts
    .command('test')
    .argument('[receiver]', 'as `sluice alerts` names it; if omitted, all')
    .description('send a test to those who are told of alerts, and say what the other side answered. Exit code 1 if one was not reached')
    .addHelpText('after', examples(['sluice alerts test', 'to all'], ['sluice alerts test ops@example.com', 'to one']))
    .action(
      runtime.action(async (context, receiver: string | undefined) => {
        const client = await context.connect();
        const { tests } = await client.call('alert/test', receiver === undefined ? {} : { receiver });
        context.show(tests, () => (tests.length === 0 ? 'Nobody is told of alerts: `alerts` in .sluice/config.yaml names no receiver.' : tests.map((test) => oneLine(english.textOf(alertTestText(test)))).join('\n')));
        return tests.length > 0 && tests.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed;
      }),
    );
};

const addMute: AddCommand = (alerts, runtime) => {
  alerts
    .command('mute')
    .argument('<queue>', 'name of a queue')
    .description('tell nobody of the alerts of a queue; they are shown all the same, and what still lasts at the end is told then')
    .option('--for <duration>', 'such as 30m or 2h; if omitted, until `sluice alerts unmute`', parseSpan)
    .addHelpText('after', examples(['sluice alerts mute erp --for 2h', 'for two hours']))
    .action(
      runtime.action(async (context, queue: string, { for: forMs }: { readonly for?: number }) => {
        const mute = await (await context.connect()).call('alert/mute', { queue, ...(forMs === undefined ? {} : { forMs }) });
        context.show(mute, (view) => renderMute(mute, view));
        return exitCodes.done;
      }),
    );
};

const addUnmute: AddCommand = (alerts, runtime) => {
  alerts
    .command('unmute')
    .argument('<queue>', 'name of a queue')
    .description('tell people of the alerts of a queue again')
    .action(
      runtime.action(async (context, queue: string) => {
        const { was } = await (await context.connect()).call('alert/unmute', { queue });
        context.show({ queue, was }, () => (was ? `Alerts of ${queue} are told again.` : `${queue} was not muted.`));
        return exitCodes.done;
      }),
    );
};
