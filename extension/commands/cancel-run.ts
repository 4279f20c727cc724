import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { askRun } from '../ask/ask-run.ts';
import { commands } from '../ids.ts';
import type { Tally } from '../selection/batches.ts';
import { readChosen, type Chosen } from '../selection/chosen.ts';
import { formatNumber, say } from '../wording/language.ts';
import { actOnMany } from './act-on-many.ts';
import type { Command } from './command.ts';

export const cancelRun: Command = {
  id: commands.cancelRun,
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('run', argument, selected);
    if (chosen.length > 1) return cancelRuns(app, chosen);
    const asked = await askRun(app, argument, l10n.t('Which run is to be cancelled?'), { state: 'running' });
    if (asked === undefined) return undefined;
    const { project, run } = asked;
    const daemon = await project.connection.ensure();
    const { workflow, jobs, state, closing } = await daemon.call('run/get', { id: run });
    if (state !== 'running' && !closing && jobs.open > 0) return takeBack(app, daemon, run, jobs.open);
    const isSure = await app.ask.confirm({
      question: l10n.t('Cancel the run {0} of {1}?', run, workflow),
      detail: say('{count, plural, =1 {One of its jobs is still open. It no longer starts, or is interrupted. What was sent stays sent.} other {# of its jobs are still open. None of them starts any more, and what is under way is interrupted. What was sent stays sent.}}', { count: jobs.open }),
      verb: l10n.t('Cancel Run'),
    });
    return isSure ? daemon.call('run/cancel', { id: run }) : undefined;
  },
};

/** Of a run that has ended only what was replayed is open. It may be worth more as dead letters than cancelled. */
async function takeBack({ ask, log }: App, daemon: Daemon, run: string, open: number): Promise<unknown> {
  const isSure = await ask.confirm({
    question: l10n.t('Take the replay of {0} back?', run),
    detail: say('{count, plural, =1 {One job of the run was replayed and is open. If it waits, it becomes a dead letter again; if it is under way, it is left to end. What was sent stays sent.} other {# jobs of the run were replayed and are open. Those that wait become dead letters again; what is under way is left to end. What was sent stays sent.}}', { count: open }),
    verb: l10n.t('Take Back'),
  });
  if (!isSure) return undefined;
  const result = await daemon.call('run/cancel', { id: run, takeBack: true });
  const text = say('{count, plural, one {# replayed job of {run} is a dead letter again.} other {# replayed jobs of {run} are dead letters again.}}', { count: result.takenBack ?? 0, run });
  log.info(text);
  void ask.tell('information', text);
  return result;
}

async function cancelRuns(app: App, chosen: readonly Chosen[]): Promise<Tally | undefined> {
  const runs = await Promise.all(chosen.map(async (one) => ({ one, run: await (await app.projects.daemonOf(one.folder)).call('run/get', { id: one.id }) })));
  const running = runs.filter(({ run }) => run.state === 'running');
  const open = running.reduce((sum, { run }) => sum + run.jobs.open, 0);
  return actOnMany(app, {
    chosen: running.map(({ one }) => one),
    idle: runs.filter(({ run }) => run.state !== 'running').map(({ one }) => one),
    what: 'runs-cancelled',
    title: l10n.t('Cancelling runs'),
    confirmation: {
      question: say('{count, plural, =1 {Cancel the one run of the selection that goes on?} other {Cancel # runs?}}', { count: running.length }),
      detail: l10n.t("Jobs of theirs that are still open: {0}. None of them starts any more, and what is under way is interrupted. What was sent stays sent. This can't be undone.", formatNumber(open)),
      verb: l10n.t('Cancel Runs'),
    },
    act: 'cancel-runs',
  });
}
