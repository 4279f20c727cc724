import * as vscode from 'vscode';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { documentUri } from '../documents/document-address.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { formatAge, say } from '../wording/language.ts';
import type { Command } from './command.ts';

/** Its payload, to be edited and replayed. */
const openDeadLetter: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, say('Which dead letter is to be opened?'));
    if (asked !== undefined) await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(asked.uri), { preview: true });
    return asked?.uri.toString();
  },
};

/** The payload that was sent, beside the one that is edited. Both sides stay what they are when it is replayed. */
const compareDeadLetter: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, say('Which dead letter is to be compared?'));
    if (asked === undefined) return;
    const { folder, job, uri } = asked;
    const revision = originalRevision(await (await app.projects.daemonOf(folder)).call('job/get', { id: job }));
    const original = vscode.Uri.from(documentUri({ folder, subject: { kind: 'payload', job, revision } }));
    await vscode.commands.executeCommand('vscode.diff', original, uri, revision > 1 ? say('{job}: revision {revision} ↔ edited', { job, revision }) : say('{job}: original ↔ edited', { job }));
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
    const asked = await askDeadLetter(app, argument, say("Which dead letter's edit is to be dropped?"));
    if (asked === undefined) return false;
    const { folder, job, uri } = asked;
    const daemon = await app.projects.daemonOf(folder);
    const { draft } = await daemon.call('job/get', { id: job });
    if (draft === undefined) {
      void app.ask.tell('information', say('{job} has no saved edit.', { job }));
      return false;
    }
    const age = formatAge(draft.savedAt, Date.now());
    const isSure = await app.ask.confirm({
      question: say('Drop the edited payload of {job}?', { job }),
      detail:
        draft.savedBy === undefined
          ? say("It was saved {age}. The next replay sends what was sent before, and the edit can't be brought back.", { age })
          : say("{savedBy} saved it {age}. The next replay sends what was sent before, and the edit can't be brought back.", { age, savedBy: draft.savedBy }),
      verb: say('Drop Edit'),
    });
    if (!isSure) return false;
    await daemon.call('draft/drop', { id: job, baseRevision: draft.revision });
    await app.deadLetterFiles.changed(uri);
    return true;
  },
};

export const deadLetterCommands = { openDeadLetter, compareDeadLetter, dropDraft };
