import * as vscode from 'vscode';
import { askJob } from '../ask/pickers.ts';
import { deadLetterUri, readDeadLetterUri } from './document-address.ts';
import type { Asking } from '../ask/prompter.ts';

export interface SelectedDeadLetter {
  readonly folder: string;
  readonly job: string;
  /** Of its editable payload. */
  readonly uri: vscode.Uri;
}

/** The dead letter that a command is about: the row or the document that it was called on, the one in the editor, or the one that is chosen. */
export async function askDeadLetter(asking: Asking, argument: unknown, placeHolder: string): Promise<SelectedDeadLetter | undefined> {
  const open = argument instanceof vscode.Uri ? argument : argument === undefined ? vscode.window.activeTextEditor?.document.uri : undefined;
  const opened = open === undefined ? undefined : readDeadLetterUri(open);
  if (open !== undefined && opened !== undefined) return { ...opened, uri: open };
  const asked = await askJob(asking, argument, placeHolder, ['dead']);
  if (asked === undefined) return undefined;
  const { folder, connection } = asked.project;
  const job = await (await connection.ensure()).call('job/get', { id: asked.job });
  return { folder, job: job.id, uri: vscode.Uri.from(deadLetterUri(folder, job)) };
}
