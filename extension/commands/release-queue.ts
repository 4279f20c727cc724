import * as l10n from '@vscode/l10n';
import { formatNumber, formatRate } from '../wording/language.ts';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import { waitingIn } from '../wording/queue.ts';
import type { Command } from './command.ts';

/** What is in a queue that no file declares any longer goes without its last limits. */
export const releaseQueue: Command = {
  id: commands.releaseQueue,
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t('Which queue is to be released?'), ({ undeclared }) => undeclared?.reason === 'gone');
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const last = queue.rate === undefined ? l10n.t('no rate limit') : formatRate(queue.rate);
    const isConfirmed = await app.ask.confirm({
      question: l10n.t('Let the jobs of {0} go without their limits?', queue.name),
      detail: l10n.t('Jobs that wait: {0}. Until now: {1}, {2} at the same time. Then: no rate limit, 10 at the same time. What was set by hand stays.', formatNumber(waitingIn(queue)), last, formatNumber(queue.concurrency)),
      verb: l10n.t('Release'),
    });
    return isConfirmed ? (await project.connection.ensure()).call('queue/release', { queue: queue.name }) : undefined;
  },
};
