import * as vscode from 'vscode';
import { views } from '../base/ids.ts';
import { askDeadLetters, askDeadGroup, type DeadGroup, deadGroupsOf, collectLots } from '../dead-letters/dead-group.ts';
import { askDeadLetter } from '../documents/dead-letter-files.ts';
import { documentUri } from '../documents/document-address.ts';
import { type JobDetail, maxReason } from '../../schemas/protocol/job.ts';
import type { Tally } from '../selection/batches.ts';
import { inBulk, sumOf } from '../selection/project-batches.ts';
import { tallyText } from '../selection/tally-text.ts';
import { focusedRows } from '../views/open-view.ts';
import { formatAge, say } from '../wording/language.ts';
import type { Command, App } from './app.ts';
import { exportLots } from './exports.ts';

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

/** What the key binding calls it with: a key is about rows, which VS Code doesn't hand over then. */
const byKey = 'focused';

/** The dead letter that was clicked, those that are selected, or those that are ticked in a list. */
const discard: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    if (argument === byKey) return discardFocused(app);
    const asked = await askDeadLetters(app, argument, selected, say('Which dead letters are to be discarded?'));
    return asked === undefined ? undefined : discardMany(app, asked);
  },
};

async function discardFocused(app: App): Promise<Tally | undefined> {
  const view = app.views.get(views.deadLetters);
  const targets = (view === undefined ? [] : await focusedRows(view)).map(({ target }) => target);
  const groups = deadGroupsOf(app, targets);
  if (groups.length > 0) return discardMany(app, groups);
  void app.ask.tell('information', say('Select the dead letters to discard, or a group of them.'));
  return undefined;
}

const discardGroup: Command = {
  acts: true,
  run: async (app, argument) => {
    const group = await askDeadGroup(app, argument, say('Which dead letters are to be discarded?'));
    return group === undefined ? undefined : discardMany(app, [group]);
  },
};

/** Asks first, with the number and what it means, because nothing brings them back. Answers with the tally. `groups`: one for each project. */
async function discardMany(app: App, groups: readonly DeadGroup[]): Promise<Tally | undefined> {
  const { lots, count, edited, name } = await collectLots(groups);
  if (count === 0) {
    void app.ask.tell('information', say('There are no dead letters of {name} to discard.', { name }));
    return undefined;
  }
  const exportFirst = say('Export First…');
  const discard = say('Discard');
  const withReason = say('Discard with Reason…');
  const confirmation = {
    question: say('{count, plural, =1 {Discard the dead letter {first}?} other {Discard # dead letters of {name}?}}', { count, first: lots[0]?.ids[0] ?? '', name }),
    detail: [
      say(
        "{count, plural, =1 {It is never attempted again, and its run doesn't continue from it. This can't be undone. Its attempts stay to be read until they are pruned.} other {They are never attempted again, and their runs don't continue from them. This can't be undone. Their attempts stay to be read until they are pruned.}}",
        { count },
      ),
      ...(edited === 0 ? [] : [count > 1 ? say('{count, plural, =1 {One of them has an edit that was saved and never sent.} other {# of them have edits that were saved and never sent.}}', { count: edited }) : say('It has an edit that was saved and never sent.')]),
    ].join(' '),
    verb: discard,
  };
  let chosen = await app.ask.decide(confirmation, withReason, exportFirst);
  // Anyone who gives up the export, or doesn't get it whole, is asked again, and has lost nothing.
  while (chosen === exportFirst) {
    await exportLots(app, { lots, count, edited, name });
    chosen = await app.ask.decide(confirmation, withReason, exportFirst);
  }
  const reason = chosen === withReason ? await askReason(app, confirmation.question) : '';
  if (chosen === undefined || reason === undefined) return undefined;
  const outcomes = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Discarding dead letters'), cancellable: true }, (progress, token) =>
    inBulk(lots, { action: 'discard', ...(reason === '' ? {} : { reason }) }, {
      followed: app.followedBulks,
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: say('{done} of {total}', { done, total }) }),
    }),
  );
  const tally = sumOf(outcomes.map((outcome, index) => ({ project: lots[index]?.project.name ?? '', tally: outcome.tally })));
  app.log.info(tallyText('discarded', tally));
  if (count > 1 || tally.done < tally.total) void app.ask.tell(tally.fault === undefined ? 'information' : 'error', tallyText('discarded', tally));
  return tally;
}

async function askReason({ ask }: App, title: string): Promise<string | undefined> {
  return ask.input({
    title,
    prompt: say('Why? It is kept with each of them, for anyone who looks at them later. Enter discards.'),
    validateInput: (typed) => (typed.length <= maxReason ? undefined : say('At most {most} characters.', { most: maxReason })),
  });
}

export const deadLetterCommands = { openDeadLetter, compareDeadLetter, dropDraft, discard, discardGroup };
