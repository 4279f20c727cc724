import * as vscode from 'vscode';
import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { Confirmation } from '../ask/asker.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import type { Tally } from '../selection/batches.ts';
import type { Chosen } from '../selection/chosen.ts';
import { inLots, sumOf } from '../selection/lots.ts';
import { tallyText, type TalliedAction } from '../selection/tally-text.ts';
import { formatNumber, projectCounts } from '../wording/language.ts';

export interface ManyOptions {
  readonly chosen: readonly Chosen[];
  /** Of what was selected, those with which there is nothing to do. They are in the tally. */
  readonly idle?: readonly Chosen[];
  readonly what: TalliedAction;
  /** While it is under way. */
  readonly title: string;
  /** Asked once for all. Where they are of several projects, it says how many of which. */
  readonly confirmation: Confirmation;
  readonly act: (daemon: Daemon, id: string) => Promise<unknown>;
}

/**
 * Asks once, acts on one after the other, project by project, and tells what came of it: how many it worked with, how many needed nothing any
 * more, and what ended it early. Answers with the tally; undefined where a person gave up.
 */
export async function actOnMany(app: App, { chosen, idle = [], what, title, confirmation, act }: ManyOptions): Promise<Tally | undefined> {
  const counts = projectCounts(ofProjects(app, chosen).map(({ project, items }) => ({ name: project, count: items.length })));
  const detail = counts === undefined ? confirmation.detail : `${l10n.t('By project: {0}.', counts)} ${confirmation.detail}`;
  if (chosen.length > 0 && !(await app.ask.confirm({ ...confirmation, detail }))) return undefined;
  const lots = ofProjects(app, [...chosen, ...idle]).map(({ folder, project, items }) => {
    let daemon: Promise<Daemon> | undefined;
    const actOnBatch = async (batch: readonly Chosen[]): Promise<void> => {
      daemon ??= app.projects.daemonOf(folder);
      for (const { id } of batch) await act(await daemon, id);
    };
    const needy = items.filter((one) => !idle.includes(one));
    return { project, items: needy, needless: items.length - needy.length, act: actOnBatch };
  });
  const tallies = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, token) =>
    inLots(lots, {
      size: 1,
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
    }),
  );
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

function ofProjects({ projects }: App, chosen: readonly Chosen[]): readonly { readonly folder: string; readonly project: string; readonly items: readonly Chosen[] }[] {
  return [...Map.groupBy(chosen, ({ folder }) => folder)].map(([folder, items]) => ({ folder, project: projects.get(folder)?.name ?? folder, items }));
}
