import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { AskedWorkflow } from '../ask/ask-workflow.ts';
import { askInputs } from '../form/ask-inputs.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { noInputs, rememberable, type RunInputs } from '../form/run-inputs.ts';
import { commands } from '../ids.ts';
import { triedFirst } from '../form/launch-items.ts';
import { reviewLaunch } from '../form/review-launch.ts';
import type { Target } from '../target.ts';
import { followTrial } from './follow-trial.ts';

/** Asks for the inputs, shows what would happen, starts the run or its first items, and says so. Answers with its id; undefined where the person gave up. */
export async function startRun(app: App, { project, workflow }: AskedWorkflow): Promise<string | undefined> {
  const { ask, memory } = app;
  if (!workflow.valid) {
    await tellBroken(app, { project, workflow });
    return undefined;
  }
  const fields = fieldsOf(workflow.inputs);
  const memoryKey = `inputs ${project.folder} ${workflow.id}`;
  const known = new Set(fields.map(({ name }) => name));
  const last = forget(memory.get<RunInputs>(memoryKey) ?? noInputs, known);
  const inputs = await askInputs(ask, { title: workflow.name, fields, last });
  const launch = inputs === undefined ? undefined : await reviewLaunch(app, { project, workflow, fields, inputs });
  if (launch === undefined) return undefined;
  const daemon = await project.connection.ensure();
  const { values, files } = launch.inputs;
  const { id } = await daemon.call('run/start', { workflow: workflow.id, inputs: { ...values }, inputFiles: { ...files }, ...(launch.isTrial ? { firstItems: triedFirst } : {}) });
  await memory.update(memoryKey, rememberable(launch.inputs, fields));
  const target = { folder: project.folder, run: id };
  if (launch.isTrial) void followTrial(app, daemon, { target, name: workflow.name, rest: launch.rest });
  else void tellStarted(app, target, workflow.name);
  return id;
}

/** Inputs that the workflow no longer has. */
function forget({ values, files }: RunInputs, known: ReadonlySet<string>): RunInputs {
  return {
    values: Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name))),
    files: Object.fromEntries(Object.entries(files).filter(([name]) => known.has(name))),
  };
}

async function tellStarted({ ask }: App, target: Target, name: string): Promise<void> {
  const open = l10n.t('Open Run');
  if ((await ask.tell('information', l10n.t('{0} runs as {1}.', name, target.run ?? ''), open)) === open) await vscode.commands.executeCommand(commands.openRun, target);
}

async function tellBroken({ ask }: App, { project, workflow }: AskedWorkflow): Promise<void> {
  const open = l10n.t('Open Workflow');
  const chosen = await ask.tell('error', l10n.t("{0} has errors and can't be run.", workflow.file), open);
  if (chosen === open) await vscode.commands.executeCommand(commands.openWorkflow, { folder: project.folder, workflow: workflow.id, file: workflow.file } satisfies Target);
}
