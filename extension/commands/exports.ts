import path from 'node:path';
import * as vscode from 'vscode';
import type { App, Command } from './app.ts';
import { askProject } from '../ask/pickers.ts';
import type { Confirmation } from '../ask/prompter.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { chosenDeadLetters, askDeadGroup, collectLots, type DeadLetterBatch, type DeadLots } from '../dead-letters/dead-group.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { type DeadLetterEdit, type LetterEditPlan, checkDeadLetterEdits, readLetterEdits } from '../../client/dead-letter-edits.ts';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import { inBatches, type ProjectTally, type Tally } from '../selection/batches.ts';
import { type BulkOutcome, inBulk, sumOf } from '../selection/project-batches.ts';
import { tallyText } from '../selection/tally-text.ts';
import { say, textOf } from '../wording/language.ts';
import type { Message } from '../../schemas/wording/message.ts';
import { messageOf } from '../wording/client-fault-text.ts';

/** Dead letters with payloads and attempts into a JSON file: those that are selected, a group, or all. */
const exportDeadLetters: Command = {
  acts: false,
  run: async (app, argument, selected) => {
    const chosen = chosenDeadLetters(app, argument, selected);
    if (chosen.length > 0) return exportLots(app, await collectLots(chosen));
    const group = await askDeadGroup(app, argument, say('Which dead letters are to be exported?'));
    return group === undefined ? undefined : exportLots(app, await collectLots([group]));
  },
};

/** Asks for a file for each project, because ids are a project's own; writes them, and says what is in each. Answers with the tally. */
export async function exportLots(app: App, { lots, name }: DeadLots): Promise<Tally | undefined> {
  if (lots.length === 0) {
    void app.ask.tell('information', say('There are no dead letters of {name} to export.', { name }));
    return undefined;
  }
  const tallies: ProjectTally[] = [];
  for (const lot of lots) {
    const tally = await exportLot(app, lot, lots.length === 1 ? name : lot.project.name);
    // Anyone who gives up one file gives up those that follow.
    if (tally === undefined) break;
    tallies.push({ project: lot.project.name, tally });
  }
  return tallies.length === 0 ? undefined : sumOf(tallies);
}

async function exportLot(app: App, { project, daemon, ids, edited }: DeadLetterBatch, name: string): Promise<Tally | undefined> {
  const file = await app.ask.saveFile({
    title: say('{count, plural, =1 {Export the dead letter {first}} other {Export # dead letters of {name}}}', { count: ids.length, first: ids[0] ?? '', name }),
    saveLabel: say('Export'),
    defaultUri: vscode.Uri.file(path.join(project.path, 'dead-letters.json')),
    filters: { JSON: ['json'] },
  });
  if (file === undefined) return undefined;
  // The dialog has asked whether a file that exists is to be replaced.
  const [outcome] = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Exporting dead letters'), cancellable: true }, (progress, token) =>
    inBulk([{ daemon, ids }], { action: 'export', file: file.fsPath, overwrite: true }, {
      followed: app.followedBulks,
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: say('{done} of {total}', { done, total }) }),
    }),
  );
  if (outcome === undefined) return undefined;
  const tally = wholeFile(outcome);
  const text = [tallyText('exported', tally), ...exportedEdits(edited, tally.done)].join(' ');
  app.log.info(`${text} ${file.fsPath}`);
  void tell(app, tally, text, file.fsPath);
  return tally;
}

/** The file is there as a whole or not at all. */
function wholeFile({ tally, bulks }: BulkOutcome): Tally {
  return bulks.length > 0 && bulks.every(({ state }) => state === 'done') ? tally : { ...tally, done: 0 };
}

function exportedEdits(edited: number, done: number): string[] {
  if (edited === 0 || done === 0) return [];
  return [say('{count, plural, =1 {One has a saved edit, which is its payload in the file.} other {# have saved edits, which are their payloads in the file.}}', { count: edited })];
}

async function tell({ ask }: App, { done, fault }: Tally, text: string, file: string): Promise<void> {
  const show = say('Open File');
  const chosen = await ask.tell(fault === undefined ? 'information' : 'error', text, ...(done > 0 ? [show] : []));
  if (chosen === show) await vscode.window.showTextDocument(vscode.Uri.file(file));
}

const maxBytes = 256 * 1024 * 1024;

/** An export whose payloads were edited: all of it is checked before anything is replayed, each with its own payload. Answers with the tally. */
const replayExport: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const file = await app.ask.file({
      title: say('Which export of dead letters?'),
      openLabel: say('Check Export'),
      defaultUri: vscode.Uri.file(project.path),
      filters: { JSON: ['json'] },
    });
    if (file === undefined) return undefined;
    const read = readLetterEdits(await readJson(file.fsPath));
    if (!read.ok) return refuse(app, read.problems);
    const daemon = await project.connection.ensure();
    const plan = await planned(daemon, read.edits);
    if (plan.problems.length > 0) return refuse(app, plan.problems);
    if (plan.edited.length === 0) {
      void app.ask.tell('information', say('Every payload is as its job has it: there is nothing to replay.'));
      return undefined;
    }
    return (await app.ask.confirm(confirmationOf(plan, project.name))) ? replayEach(app, daemon, plan.edited) : undefined;
  },
};

/** @throws Error that names the file */
async function readJson(path: string): Promise<unknown> {
  // What is still being edited is what the person means.
  const open = vscode.workspace.textDocuments.find(({ uri, isDirty }) => isDirty && uri.scheme === 'file' && uri.fsPath === path);
  if (open !== undefined && !(await open.save())) throw new Error(say('{path} could not be saved.', { path }));
  const read = await readRegularFile(path, maxBytes);
  if (!read.ok) throw new Error(`${path} ${read.problem}.`);
  const decoded = decodeText(read.content);
  if (!decoded.ok) throw new Error(`${path} ${decoded.problem}.`);
  try {
    return parseExactJson(decoded.text, { tellLines: true });
  } catch (error) {
    if (error instanceof LossyJsonError) throw new Error(say('In {path}, {problem}.', { path, problem: error.message }), { cause: error });
    throw new Error(say('{path} is no JSON: {problem}', { path, problem: messageOf(error) }), { cause: error });
  }
}

async function planned(daemon: Daemon, edits: readonly DeadLetterEdit[]): Promise<LetterEditPlan> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Checking edited dead letters') }, (progress) =>
    checkDeadLetterEdits(daemon, edits, (looked) => progress.report({ message: say('{done} of {total}', { done: looked, total: edits.length }) })),
  );
}

async function refuse({ ask, log }: App, problems: readonly Message[]): Promise<undefined> {
  for (const problem of problems) log.error(textOf(problem));
  const first = problems[0] ?? '';
  const text = problems.length > 1 ? say('Nothing was replayed. {first} The log has {count} more.', { first, count: problems.length - 1 }) : say('Nothing was replayed. {first}', { first });
  const showLog = say('Show Log');
  void ask.tell('error', text, showLog).then((chosen) => {
    if (chosen === showLog) log.show();
  });
}

function confirmationOf({ edited, unchanged }: LetterEditPlan, project: string): Confirmation {
  const meaning = say('Each begins a new round of attempts with its own edited payload, which is a new revision; the old one is kept.');
  const others = say('Others in the file, whose payloads are as their jobs have them, are left alone: {count}.', { count: unchanged.length });
  return {
    question:
      say('{count, plural, =1 {Replay one dead letter of {project} with its edited payload?} other {Replay # dead letters of {project} with their edited payloads?}}', { count: edited.length, project }),
    detail: unchanged.length === 0 ? meaning : `${meaning} ${others}`,
    verb: say('Replay'),
  };
}

async function replayEach(app: App, daemon: Daemon, edited: readonly DeadLetterEdit[]): Promise<Tally> {
  const tally = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Replaying dead letters'), cancellable: true }, (progress, token) =>
    inBatches(
      edited,
      async (batch) => {
        for (const { id, payload } of batch) await daemon.call('dead/replay', { ids: [id], payload });
      },
      {
        size: 1,
        isCancelled: () => token.isCancellationRequested,
        onProgress: (done, total) => progress.report({ message: say('{done} of {total}', { done, total }) }),
      },
    ),
  );
  const text = tallyText('replayed', tally, tally.done);
  app.log.info(text);
  void app.ask.tell(tally.fault === undefined ? 'information' : 'error', text);
  return tally;
}

export const exportCommands = { exportDeadLetters, replayExport };
