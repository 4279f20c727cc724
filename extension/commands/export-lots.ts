import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { DeadLot, DeadLots } from '../dead-letters/dead-lot.ts';
import { exportJobs } from '../dead-letters/export-file.ts';
import type { ProjectTally, Tally } from '../selection/batches.ts';
import { sumOf } from '../selection/lots.ts';
import { tallyText } from '../selection/tally-text.ts';
import { formatNumber, say } from '../wording/language.ts';

/** Asks for a file for each project, because ids are a project's own; writes them, and says what is in each. Answers with the tally. */
export async function exportLots(app: App, { lots, name }: DeadLots): Promise<Tally | undefined> {
  if (lots.length === 0) {
    void app.ask.tell('information', l10n.t('There are no dead letters of {0} to export.', name));
    return undefined;
  }
  const tallies: ProjectTally[] = [];
  for (const lot of lots) {
    const tally = await exportLot(app, lot, lots.length === 1 ? name : lot.project.name);
    // Whoever gives up one file gives up those that follow.
    if (tally === undefined) break;
    tallies.push({ project: lot.project.name, tally });
  }
  return tallies.length === 0 ? undefined : sumOf(tallies);
}

async function exportLot(app: App, { project, daemon, ids, edited }: DeadLot, name: string): Promise<Tally | undefined> {
  const file = await app.ask.saveFile({
    title: say('{count, plural, =1 {Export the dead letter {first}} other {Export # dead letters of {name}}}', { count: ids.length, first: ids[0] ?? '', name }),
    saveLabel: l10n.t('Export'),
    defaultUri: vscode.Uri.file(path.join(project.path, 'dead-letters.json')),
    filters: { JSON: ['json'] },
  });
  if (file === undefined) return undefined;
  const tally = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Exporting dead letters'), cancellable: true }, (progress, token) =>
    exportJobs(daemon, ids, file.fsPath, {
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: l10n.t('{0} of {1}', formatNumber(done), formatNumber(total)) }),
    }),
  );
  const text = [tallyText('exported', tally), ...exportedEdits(edited, tally.done)].join(' ');
  app.log.info(`${text} ${file.fsPath}`);
  void tell(app, tally, text, file.fsPath);
  return tally;
}

function exportedEdits(edited: number, done: number): string[] {
  if (edited === 0 || done === 0) return [];
  return [say('{count, plural, =1 {One has a saved edit, which is its payload in the file.} other {# have saved edits, which are their payloads in the file.}}', { count: edited })];
}

async function tell({ ask }: App, { done, fault }: Tally, text: string, file: string): Promise<void> {
  const show = l10n.t('Open File');
  const chosen = await ask.tell(fault === undefined ? 'information' : 'error', text, ...(done > 0 ? [show] : []));
  if (chosen === show) await vscode.window.showTextDocument(vscode.Uri.file(file));
}
