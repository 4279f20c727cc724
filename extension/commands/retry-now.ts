import * as l10n from '@vscode/l10n';
import type { Result } from '../../schemas/protocol/method.ts';
import type { App } from '../app.ts';
import { askJobs } from '../ask/ask-job.ts';
import { askProject } from '../ask/ask-project.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { commands } from '../ids.ts';
import { readChosen } from '../selection/chosen.ts';
import { readTarget } from '../target.ts';
import { say } from '../wording/language.ts';
import { actOnMany } from './act-on-many.ts';
import type { Command } from './command.ts';

/** Jobs that wait for their next attempt are due at once: those that are selected, all of a queue, or those that are ticked. */
export const retryNow: Command = {
  id: commands.retryNow,
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('job', argument, selected);
    if (chosen.length > 1) {
      const tally = await actOnMany(app, {
        chosen,
        what: 'jobs-retried',
        title: l10n.t('Retrying jobs'),
        confirmation: {
          question: say('{count, plural, one {Retry # job immediately?} other {Retry # jobs immediately?}}', { count: chosen.length }),
          detail: whatItMeans(),
          verb: l10n.t('Retry Now'),
        },
        act: 'retry',
      });
      return tally?.done;
    }
    const [clicked] = chosen;
    const project = await askProject(app, argument ?? clicked);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const queue = readTarget(argument)?.queue;
    if (clicked === undefined && queue !== undefined) return retryQueue(app, daemon, queue);
    const ids = clicked !== undefined ? [clicked.id] : await askJobs(app, project, l10n.t('Which jobs are to be tried at once?'), 'delayed');
    return ids === undefined || ids.length === 0 ? undefined : told(app, await daemon.call('job/retry', { ids: [...ids] }));
  },
};

/** All that wait for a later time when the person has agreed. One alone is not asked about. */
async function retryQueue(app: App, daemon: Daemon, queue: string): Promise<number | undefined> {
  const delayed = (await daemon.call('queue/list', {})).queues.find(({ name }) => name === queue)?.depth.delayed ?? 0;
  if (delayed === 0) {
    void app.ask.tell('information', l10n.t('No job of {0} waits for a later time.', queue));
    return undefined;
  }
  const confirmation = { question: say('{count, plural, one {Retry # delayed job of {queue} now?} other {Retry # delayed jobs of {queue} now?}}', { count: delayed, queue }), detail: whatItMeans(), verb: l10n.t('Retry Now') };
  if (delayed > 1 && !(await app.ask.confirm(confirmation))) return undefined;
  return told(app, await daemon.call('job/retry', { all: true, queue }));
}

function told({ ask }: App, { retried }: Result<'job/retry'>): number {
  if (retried !== 1) void ask.tell('information', say('{count, plural, one {# job is due now.} other {# jobs are due now.}}', { count: retried }));
  return retried;
}

function whatItMeans(): string {
  return l10n.t("They don't wait for the times of their next attempts any more, and start as the rates of their queues allow. An attempt that fails counts as always.");
}
