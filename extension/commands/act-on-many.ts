import * as vscode from 'vscode';
import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { Confirmation } from '../ask/asker.ts';
import type { Daemon } from '../connection/daemon-client.ts';
import { inBatches, type Tally } from '../selection/batches.ts';
import type { Chosen } from '../selection/chosen.ts';
import { tallyText, type TalliedAction } from '../selection/tally-text.ts';
import { formatNumber } from '../wording/amount.ts';

export interface ManyOptions {
  readonly chosen: readonly Chosen[];
  /** Of what was selected, those with which there is nothing to do. They are in the tally. */
  readonly idle?: number;
  readonly what: TalliedAction;
  /** While it is under way. */
  readonly title: string;
  /** Asked once for all. */
  readonly confirmation: Confirmation;
  readonly act: (daemon: Daemon, id: string) => Promise<unknown>;
}

/**
 * Asks once, acts on one after the other, and tells what came of it: how many it worked with, how many needed nothing any more, and what
 * ended it early. Answers with the tally; undefined where a person gave up.
 */
export async function actOnMany(app: App, { chosen, idle = 0, what, title, confirmation, act }: ManyOptions): Promise<Tally | undefined> {
  if (chosen.length > 0 && !(await app.ask.confirm(confirmation))) return undefined;
  const daemons = new Map<string, Promise<Daemon>>();
  const daemonOf = (folder: string): Promise<Daemon> => {
    const known = daemons.get(folder) ?? app.projects.daemonOf(folder);
    daemons.set(folder, known);
    return known;
  };
  const acted = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (progress, token) =>
    inBatches(
      chosen,
      async (batch) => {
        for (const { folder, id } of batch) await act(await daemonOf(folder), id);
      },
      {
        size: 1,
        isCancelled: () => token.isCancellationRequested,
        onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
      },
    ),
  );
  const tally = { ...acted, total: acted.total + idle, skipped: acted.skipped + idle };
  const text = tallyText(what, tally);
  app.log.info(text);
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', text);
  return tally;
}
