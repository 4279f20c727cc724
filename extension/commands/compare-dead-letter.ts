import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { documentUri } from '../documents/document-address.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** The payload that was sent, beside the one that is edited. Both sides stay what they are when it is replayed. */
export const compareDeadLetter: Command = {
  id: commands.compareDeadLetter,
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t('Which dead letter is to be compared?'));
    if (asked === undefined) return;
    const { folder, job, uri } = asked;
    const revision = originalRevision(await (await app.projects.daemonOf(folder)).call('job/get', { id: job }));
    const original = vscode.Uri.from(documentUri({ folder, subject: { kind: 'payload', job, revision } }));
    await vscode.commands.executeCommand('vscode.diff', original, uri, revision > 1 ? l10n.t('{0}: revision {1} ↔ edited', job, revision) : l10n.t('{0}: original ↔ edited', job));
  },
};

/** What was sent before the draft; without one, what was sent before the last edit. */
function originalRevision({ revisions, draft }: JobDetail): number {
  const sent = revisions.filter((revision) => revision.draft !== true);
  return (draft === undefined ? (sent.at(-2) ?? sent.at(-1)) : sent.at(-1))?.revision ?? 1;
}
