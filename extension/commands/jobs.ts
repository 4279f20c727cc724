import * as vscode from 'vscode';
import type { App, Command } from './app.ts';
import { askAttempts, askJob, askJobs, askProject } from '../ask/pickers.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { curlText } from '../documents/curl-text.ts';
import { documentUri } from '../documents/document-address.ts';
import { showDocument } from '../documents/document-provider.ts';
import type { Result } from '../../schemas/protocol/method.ts';
import { type Chosen, readChosen, readTarget } from '../base/target.ts';
import { say } from '../wording/language.ts';
import { inBulk } from '../selection/project-batches.ts';
import { bulkActionText, tallyText } from '../selection/tally-text.ts';
import { actOnMany } from './act-on-many.ts';

const openJob: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askJob(app, argument, say('Which job is to be opened?'));
    return asked === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'job', job: asked.job } });
  },
};

/** All that is known of a job, as JSON. Secrets are in it as references. */
const copyJob: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askJob(app, argument, say('Which job is to be copied?'));
    if (asked === undefined) return undefined;
    const job = await (await asked.project.connection.ensure()).call('job/get', { id: asked.job });
    await vscode.env.clipboard.writeText(`${JSON.stringify(job, null, 2)}\n`);
    vscode.window.setStatusBarMessage(say('{job} was copied as JSON.', { job: asked.job }), 3000);
    return asked.job;
  },
};

/** The jobs that are selected, or the one that is chosen from those that are not over. Answers with how many were cancelled. */
const cancelJob: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    const clicked = readChosen('job', argument, selected);
    const asked = clicked.length > 0 ? undefined : await askJob(app, argument, say('Which job is to be cancelled?'), ['active', 'pending', 'delayed']);
    const chosen: readonly Chosen[] = asked === undefined ? clicked : [{ folder: asked.project.folder, id: asked.job }];
    const [first] = chosen;
    if (first === undefined) return undefined;
    const confirmation = {
      question: say('{count, plural, =1 {Cancel the job {first}?} other {Cancel # jobs?}}', { count: chosen.length, first: first.id }),
      detail: say("What has not begun never starts, and attempts under way are interrupted. What was sent stays sent. This can't be undone."),
      verb: say('{count, plural, =1 {Cancel Job} other {Cancel Jobs}}', { count: chosen.length }),
    };
    if (chosen.length > 1) {
      const tally = await actOnMany(app, { chosen, what: 'jobs-cancelled', title: say('Cancelling jobs'), confirmation, act: 'cancel' });
      return tally?.done;
    }
    if (!(await app.ask.confirm(confirmation))) return undefined;
    await (await app.projects.daemonOf(first.folder)).call('job/cancel', { id: first.id });
    return 1;
  },
};

/** Jobs that wait for their next attempt are due immediately: those that are selected, all of a queue, or those that are ticked. */
const retryNow: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('job', argument, selected);
    if (chosen.length > 1) {
      const tally = await actOnMany(app, {
        chosen,
        what: 'jobs-retried',
        title: say('Retrying jobs'),
        confirmation: {
          question: say('{count, plural, one {Retry # job immediately?} other {Retry # jobs immediately?}}', { count: chosen.length }),
          detail: whatItMeans(),
          verb: say('Retry Now'),
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
    const ids = clicked !== undefined ? [clicked.id] : await askJobs(app, project, say('Which jobs are to be tried immediately?'), 'delayed');
    return ids === undefined || ids.length === 0 ? undefined : told(app, await daemon.call('job/retry', { ids: [...ids] }));
  },
};

/** All that wait for a later time when the person has agreed. One alone is not asked about. Answers with how many are due. */
async function retryQueue(app: App, daemon: Daemon, queue: string): Promise<number | undefined> {
  const delayed = (await daemon.call('queue/list', {})).queues.find(({ name }) => name === queue)?.depth.delayed ?? 0;
  if (delayed === 0) {
    void app.ask.tell('information', say('No job of {queue} waits for a later time.', { queue }));
    return undefined;
  }
  const confirmation = { question: say('{count, plural, one {Retry # delayed job of {queue} now?} other {Retry # delayed jobs of {queue} now?}}', { count: delayed, queue }), detail: whatItMeans(), verb: say('Retry Now') };
  if (delayed > 1 && !(await app.ask.confirm(confirmation))) return undefined;
  const [outcome] = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: bulkActionText('retry'), cancellable: true }, (progress, token) =>
    inBulk([{ daemon, queue, expected: delayed }], { action: 'retry' }, {
      followed: app.followedBulks,
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: say('{done} of {total}', { done, total }) }),
    }),
  );
  if (outcome === undefined) return undefined;
  const { tally } = outcome;
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', tallyText('jobs-retried', tally));
  return tally.done;
}

function told({ ask }: App, { retried }: Result<'job/retry'>): number {
  if (retried !== 1) void ask.tell('information', say('{count, plural, one {# job is due now.} other {# jobs are due now.}}', { count: retried }));
  return retried;
}

function whatItMeans(): string {
  return say("They no longer wait for the times of their next attempts, and start as the rates of their queues allow. An attempt that fails counts as always.");
}

const openAttempt: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askAttempts(app, argument, undefined, 1);
    const attempt = asked?.attempts[0];
    return asked === undefined || attempt === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'attempt', job: asked.job, attempt } });
  },
};

/** Two attempts of a job, side by side. */
const compareAttempts: Command = {
  acts: false,
  run: async (app, argument, selected) => {
    const asked = await askAttempts(app, argument, selected, 2);
    const [one, other] = asked?.attempts ?? [];
    if (asked === undefined || one === undefined || other === undefined) return;
    const uriOf = (attempt: number): vscode.Uri => vscode.Uri.from(documentUri({ folder: asked.project.folder, subject: { kind: 'attempt', job: asked.job, attempt } }));
    await vscode.commands.executeCommand('vscode.diff', uriOf(one), uriOf(other), say('{job}: attempt {one} ↔ {other}', { job: asked.job, one, other }));
  },
};

/** The call of a job, for a terminal. Secrets are in it as variables of the shell. */
const copyAsCurl: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askJob(app, argument, say("Which job's call is to be copied?"));
    if (asked === undefined) return undefined;
    const curl = curlText(await (await asked.project.connection.ensure()).call('job/get', { id: asked.job }));
    if (!curl.ok) {
      void app.ask.tell('information', curl.message);
      return undefined;
    }
    await vscode.env.clipboard.writeText(curl.text);
    vscode.window.setStatusBarMessage(say('{job} was copied as cURL; secrets are in it as shell variables.', { job: asked.job }), 5000);
    return asked.job;
  },
};

export const jobCommands = { openJob, copyJob, cancelJob, retryNow, openAttempt, compareAttempts, copyAsCurl };
