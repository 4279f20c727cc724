import * as vscode from 'vscode';
import type { WorkflowView } from '../../schemas/protocol/workflow.ts';
import type { RunPreview } from '../../schemas/protocol/run.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Project } from '../project/project.ts';
import { askField } from './ask-inputs.ts';
import { isAskedFirst, type InputField } from './input-fields.ts';
import { launchItems, payloadShown, restAfterTrial, type LaunchChoice, type LaunchItem } from './launch-items.ts';
import { inputParams, type RunInputs } from './run-inputs.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { ShownTexts } from '../documents/document-provider.ts';
import { messageOf } from '../wording/client-fault-text.ts';
import { say } from '../wording/language.ts';

/** What the review of a run needs of the window. */
export interface LaunchContext {
  readonly ask: Prompter;
  readonly texts: ShownTexts;
}

export interface Launch {
  readonly inputs: RunInputs;
  /** Only the first items, to see how they fare. */
  readonly isTrial: boolean;
  /** Jobs that wait after the trial. */
  readonly rest: number;
}

export interface ReviewedRun {
  readonly project: Project;
  readonly workflow: WorkflowView;
  readonly fields: readonly InputField[];
  readonly inputs: RunInputs;
}

/** What a run would do, before anything of it is done: to be run, tried with a few, or changed. Undefined if the person gives up. */
export async function reviewLaunch(context: LaunchContext, { project, workflow, fields, inputs: given }: ReviewedRun): Promise<Launch | undefined> {
  let inputs = given;
  while (true) {
    const previewed = previewOf(project, workflow.id, inputs);
    // Handed over as a promise: a large file takes its time, and the list shows that it is being read.
    const items: Promise<readonly LaunchItem[]> = previewed.then((preview) => launchItems({ fields, inputs, preview, nowMs: Date.now(), separator: vscode.QuickPickItemKind.Separator }));
    const title = say('{workflow}: what would happen', { workflow: workflow.name });
    const choice: LaunchChoice | undefined = (await context.ask.pick(items, { title, placeHolder: say('Nothing has been sent yet'), ignoreFocusOut: true }))?.choice;
    if (choice === undefined) return undefined;
    switch (choice.kind) {
      case 'run':
      case 'try': {
        const preview = await previewed;
        return { inputs, isTrial: choice.kind === 'try', rest: 'problem' in preview ? 0 : restAfterTrial(preview.steps) };
      }
      case 'back': {
        const last = fields.findLast(isAskedFirst) ?? fields.at(-1);
        if (last !== undefined) inputs = (await askField(context.ask, workflow.name, last, inputs)) ?? inputs;
        break;
      }
      case 'field':
        inputs = (await askField(context.ask, workflow.name, choice.field, inputs)) ?? inputs;
        break;
      case 'payload':
        await context.texts.show(`${choice.step.step} first call.json`, `${payloadShown(choice.step.first?.payload, inputs, fields)}\n`, { preserveFocus: true });
        break;
      case 'none':
        break;
    }
  }
}

async function previewOf({ connection }: Project, workflow: string, inputs: RunInputs): Promise<RunPreview | { readonly problem: string }> {
  try {
    return await (await connection.ensure()).call('run/preview', { workflow, ...inputParams(inputs) });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { problem: error.code === 'unknown-method' ? say('The daemon has an earlier version. Restart it, and it shows what a run would do.') : messageOf(error) };
  }
}
