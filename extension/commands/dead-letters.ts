import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { documentUri } from '../documents/document-address.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { formatAge } from '../wording/language.ts';
import type { Command } from './command.ts';

/** Its payload, to be edited and replayed. */
const openDeadLetter: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t('Which dead letter is to be opened?'));
    if (asked !== undefined) await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(asked.uri), { preview: true });
    return asked?.uri.toString();
  },
};

/** The payload that was sent, beside the one that is edited. Both sides stay what they are when it is replayed. */
const compareDeadLetter: Command = {
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

/** Goes back to the payload that was sent. */
const dropDraft: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t("Which dead letter's edit is to be dropped?"));
    if (asked === undefined) return false;
    const { folder, job, uri } = asked;
    const daemon = await app.projects.daemonOf(folder);
    const { draft } = await daemon.call('job/get', { id: job });
    if (draft === undefined) {
      void app.ask.tell('information', l10n.t('{0} has no saved edit.', job));
      return false;
    }
    const age = formatAge(draft.savedAt, Date.now());
    const isSure = await app.ask.confirm({
      question: l10n.t('Drop the edited payload of {0}?', job),
      detail:
        draft.savedBy === undefined
          ? l10n.t("It was saved {0}. The next replay sends what was sent before, and the edit can't be brought back.", age)
          : l10n.t("{1} saved it {0}. The next replay sends what was sent before, and the edit can't be brought back.", age, draft.savedBy),
      verb: l10n.t('Drop Edit'),
    });
    if (!isSure) return false;
    await daemon.call('draft/drop', { id: job, baseRevision: draft.revision });
    await app.deadLetterFiles.changed(uri);
    return true;
  },
};

export const deadLetterCommands = { openDeadLetter, compareDeadLetter, dropDraft };
