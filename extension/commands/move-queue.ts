import * as l10n from '@vscode/l10n';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import { formatNumber, formatRate, say } from '../wording/language.ts';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import { isHeld, queueDescription } from '../wording/queue.ts';
import type { Command } from './command.ts';

/** All that is in a queue goes to another one: it was renamed, say. */
export const moveQueue: Command = {
  id: commands.moveQueue,
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t('Which queue are the jobs in?'), ({ undeclared }) => undeclared !== undefined);
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const daemon = await project.connection.ensure();
    const { queues } = await daemon.call('queue/list', {});
    const targets = queues.filter(({ name, declaredIn }) => name !== queue.name && (declaredIn !== undefined || name === 'default'));
    if (targets.length === 0) {
      void app.ask.tell('information', l10n.t('No file declares another queue that the jobs could be moved to.'));
      return undefined;
    }
    const picked = await app.ask.pick(
      targets.map((target) => ({ label: target.name, description: limitsText(target), detail: queueDescription(target, Date.now()), target })),
      { title: l10n.t('Move the jobs of {0}', queue.name), placeHolder: l10n.t('Whose limits are to hold for them?') },
    );
    if (picked === undefined) return undefined;
    const { target } = picked;
    const { selected, carries } = await daemon.call('queue/move', { queue: queue.name, to: target.name, dryRun: true });
    const isConfirmed = await app.ask.confirm({
      question: say('{count, plural, one {Move # job from {from} to {to}?} other {Move # jobs from {from} to {to}?}}', { count: selected, from: queue.name, to: target.name }),
      detail: [l10n.t('From their next attempt on they obey its limits: {0}.', limitsText(target)), ...settingsText(queue, target, carries === true)].join(' '),
      verb: l10n.t('Move'),
    });
    if (!isConfirmed) return undefined;
    const result = await daemon.call('queue/move', { queue: queue.name, to: target.name });
    void app.ask.tell('information', say('{count, plural, one {# job moved from {from} to {to}.} other {# jobs moved from {from} to {to}.}}', { count: result.moved, from: queue.name, to: target.name }));
    return result;
  },
};

/** What of its settings by hand has to be known before. */
function settingsText(queue: QueueView, target: QueueView, carries: boolean): string[] {
  if (carries) return [l10n.t('What was set by hand for {0} will hold for {1}.', queue.name, target.name)];
  if (!isStopped(queue) || isStopped(target)) return [];
  return [l10n.t('{0} is paused or held back, and {1} is not: they can start immediately.', queue.name, target.name)];
}

function limitsText({ rate, concurrency }: QueueView): string {
  return l10n.t('{0}, {1} at the same time', rate === undefined ? l10n.t('no rate limit') : formatRate(rate), formatNumber(concurrency));
}

function isStopped(queue: QueueView): boolean {
  return queue.paused || isHeld(queue, Date.now());
}
