import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { AskedWorkflow } from '../ask/ask-workflow.ts';
import { askInputs } from '../form/ask-inputs.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { noInputs, rememberable, type RunInputs } from '../form/run-inputs.ts';
import { commands } from '../ids.ts';
import type { Target } from '../target.ts';

/** Asks for the inputs, starts the run, and says so. Answers with its id; undefined where the person gave up. */
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
  const inputs = fields.length === 0 ? noInputs : await askInputs(ask, { title: workflow.name, fields, last });
  if (inputs === undefined) return undefined;
  const daemon = await project.connection.ensure();
  const { id } = await daemon.call('run/start', { workflow: workflow.id, inputs: { ...inputs.values }, inputFiles: { ...inputs.files } });
  await memory.update(memoryKey, rememberable(inputs, fields));
  void tellStarted(app, { folder: project.folder, run: id }, workflow.name);
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
