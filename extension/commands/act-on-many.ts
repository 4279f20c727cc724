import * as vscode from 'vscode';
import type { App } from './app.ts';
import type { Confirmation } from '../ask/prompter.ts';
import type { BulkAction } from '../../schemas/protocol/bulk.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import type { BatchOptions, ProjectTally, Tally } from '../selection/batches.ts';
import type { Chosen } from '../base/target.ts';
import { inBulk, runBatches, sumOf } from '../selection/project-batches.ts';
import { tallyText, type TalliedAction } from '../selection/tally-text.ts';
import { projectCounts, say } from '../wording/language.ts';

export interface ManyOptions {
  readonly chosen: readonly Chosen[];
  /** Selected items that need no action; counted in the result. */
  readonly idle?: readonly Chosen[];
  readonly what: TalliedAction;
  /** While it is under way. */
  readonly title: string;
  /** Asked once for all. Where they are of several projects, it says how many of which. */
  readonly confirmation: Confirmation;
  /** Bulk work of the daemons, which continues if this window is closed; or one call for each, for few. */
  readonly act: BulkAction | ((daemon: Daemon, id: string) => Promise<unknown>);
}

/**
 * Asks once, acts project by project, and tells what came of it: how many it worked with, how many no longer needed anything, and what ended it
 * early. Answers with the tally; undefined if a person gave up.
 */
export async function actOnMany(app: App, { chosen, idle = [], what, title, confirmation, act }: ManyOptions): Promise<Tally | undefined> {
  const counts = projectCounts(ofProjects(app, chosen).map(({ project, items }) => ({ name: project, count: items.length })));
  const detail = counts === undefined ? confirmation.detail : `${say('By project: {counts}.', { counts })} ${confirmation.detail}`;
  if (chosen.length > 0 && !(await app.ask.confirm({ ...confirmation, detail }))) return undefined;
  const lots = ofProjects(app, [...chosen, ...idle]).map(({ folder, project, items }) => {
    const needy = items.filter((one) => !idle.includes(one));
    return { folder, project, items: needy, needless: items.length - needy.length };
  });
  const tallies = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, token) => {
    const options: BatchOptions = {
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: say('{done} of {total}', { done, total }) }),
    };
    return typeof act === 'function' ? oneByOne(app, lots, act, options) : byDaemons(app, lots, act, options);
  });
  const tally = sumOf(
    tallies.map((one, index) => {
      const needless = lots[index]?.needless ?? 0;
      return { ...one, tally: { ...one.tally, total: one.tally.total + needless, skipped: one.tally.skipped + needless } };
    }),
  );
  const text = tallyText(what, tally);
  app.log.info(text);
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', text);
  return tally;
}

interface ManyOfProject {
  readonly folder: string;
  readonly project: string;
  readonly items: readonly Chosen[];
}

async function byDaemons({ projects, followedBulks }: App, lots: readonly ManyOfProject[], action: BulkAction, options: BatchOptions): Promise<readonly ProjectTally[]> {
  const bulkLots = lots.map(({ folder, items }) => ({ daemon: () => projects.daemonOf(folder), ids: items.map(({ id }) => id) }));
  const outcomes = await inBulk(bulkLots, { action }, { ...options, followed: followedBulks });
  return lots.flatMap(({ project }, index) => {
    const outcome = outcomes[index];
    return outcome === undefined ? [] : [{ project, tally: outcome.tally }];
  });
}

function oneByOne({ projects }: App, lots: readonly ManyOfProject[], act: (daemon: Daemon, id: string) => Promise<unknown>, options: BatchOptions): Promise<readonly ProjectTally[]> {
  const each = lots.map(({ folder, project, items }) => {
    let daemon: Promise<Daemon> | undefined;
    return {
      project,
      items,
      act: async (batch: readonly Chosen[]): Promise<void> => {
        daemon ??= projects.daemonOf(folder);
        for (const { id } of batch) await act(await daemon, id);
      },
    };
  });
  return runBatches(each, { ...options, size: 1 });
}

function ofProjects({ projects }: App, chosen: readonly Chosen[]): readonly ManyOfProject[] {
  return [...Map.groupBy(chosen, ({ folder }) => folder)].map(([folder, items]) => ({ folder, project: projects.get(folder)?.name ?? folder, items }));
}
