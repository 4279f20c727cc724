import * as vscode from 'vscode';
import type { App } from './app.ts';
import { askDeadLetters } from '../dead-letters/chosen-dead-letters.ts';
import { askDeadGroup, type DeadGroup, deadGroupsOf } from '../dead-letters/dead-group.ts';
import { collectLots } from '../dead-letters/dead-letter-batch.ts';
import { views } from '../base/ids.ts';
import { maxReason } from '../../schemas/protocol/job.ts';
import type { Tally } from '../selection/batches.ts';
import { inBulk, sumOf } from '../selection/project-batches.ts';
import { tallyText } from '../selection/tally-text.ts';
import { focusedRows } from '../views/focused-rows.ts';
import { say } from '../wording/language.ts';
import type { Command } from './command.ts';
import { exportLots } from './exports.ts';

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

export const discardCommands = { discard, discardGroup };
