import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { collectDeadLetters, type DeadSelection } from '../dead-letters/dead-selection.ts';
import { inBatches, type Tally } from '../selection/batches.ts';
import { tallyText } from '../selection/tally-text.ts';
import type { Project } from '../project/project.ts';
import { formatNumber } from '../wording/amount.ts';
import { exportMany } from './export-many.ts';

export interface DiscardManyOptions {
  readonly project: Project;
  readonly selection: DeadSelection;
  /** What is meant, for a person. */
  readonly name: string;
}

/** Asks first, with the number and what it means, because nothing brings them back. Answers with the tally. */
export async function discardMany(app: App, { project, selection, name }: DiscardManyOptions): Promise<Tally | undefined> {
  const daemon = await project.connection.ensure();
  const ids = await collectDeadLetters(daemon, selection);
  if (ids.length === 0) {
    void app.ask.tell('information', l10n.t('There are no dead letters of {0} to discard.', name));
    return undefined;
  }
  const exportFirst = l10n.t('Export First…');
  const discard = l10n.t('Discard');
  const confirmation = {
    question: ids.length === 1 ? l10n.t('Discard the dead letter {0}?', ids[0] ?? '') : l10n.t('Discard {0} dead letters of {1}?', formatNumber(ids.length), name),
    detail: l10n.t("They are never attempted again, and their runs don't go on from them. This can't be undone. Their attempts stay to be read until they are pruned."),
    verb: discard,
  };
  let chosen = await app.ask.decide(confirmation, exportFirst);
  // Whoever gives up the export, or doesn't get it whole, is asked again, and has lost nothing.
  while (chosen === exportFirst) {
    await exportMany(app, { project, selection: { ids }, name });
    chosen = await app.ask.decide(confirmation, exportFirst);
  }
  if (chosen !== discard) return undefined;
  const tally = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Discarding dead letters'), cancellable: true }, (progress, token) =>
    inBatches(ids, (batch) => daemon.call('dead/discard', { ids: batch }), {
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
    }),
  );
  app.log.info(tallyText('discarded', tally));
  if (ids.length > 1 || tally.done < tally.total) void app.ask.tell(tally.fault === undefined ? 'information' : 'error', tallyText('discarded', tally));
  return tally;
}
