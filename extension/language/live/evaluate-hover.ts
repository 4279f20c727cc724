import * as vscode from 'vscode';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { EvaluationView } from '../../../schemas/protocol/workflow.ts';
import type { Daemon } from '../../../client/daemon-client.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { commands, languageId, settings } from '../../base/ids.ts';
import { escapeMarkdown, valueText } from '../../wording/outside-text.ts';
import { expressionAt, type PointedExpression } from './expression-at.ts';
import { analysisOf, liveDocument, rangeIn, type LiveContext } from './live-document.ts';
import { say } from '../../wording/language.ts';

/** Lines of a value that a hover shows. */
const shownLines = 20;

/** The value that an expression had in the last run of its workflow, or in the one that was chosen. */
export class EvaluateHover implements vscode.HoverProvider {
  readonly #context: LiveContext;

  constructor(context: LiveContext) {
    this.#context = context;
  }

  register(): void {
    this.#context.subscriptions.push(vscode.languages.registerHoverProvider({ language: languageId, scheme: 'file' }, this));
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const live = liveDocument(this.#context, document);
    const daemon = live?.project.daemon;
    if (live === undefined || daemon === undefined || !isOn()) return undefined;
    const pointed = expressionAt(analysisOf(live), document.offsetAt(position));
    const workflow = workflowIdOf(live.path);
    const run = this.#context.chosenRuns.get(live.project.folder, workflow) ?? live.project.mirror.runs().find((one) => one.workflow === workflow)?.id;
    if (pointed === undefined || run === undefined) return undefined;
    const result = await evaluated(daemon, run, pointed);
    if (result === undefined) return undefined;
    return new vscode.Hover(markdown(pointed, run, result), rangeIn(document, pointed.range));
  }
}

async function evaluated(daemon: Daemon, run: string, { part, step }: PointedExpression): Promise<EvaluationView | undefined> {
  try {
    return await daemon.call('run/evaluate', { id: run, expression: part, ...(step === undefined ? {} : { step }) });
  } catch (error) {
    // The run has been deleted meanwhile, or the daemon is an older one.
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

function markdown({ part, hasItem }: PointedExpression, run: string, { error, ...value }: EvaluationView): vscode.MarkdownString {
  const shown = new vscode.MarkdownString();
  const where = hasItem ? say('In {run}, for the first item', { run }) : say('In {run}', { run });
  const choose = `[${say('another run')}](command:${commands.chooseRun})`;
  const evaluate = `[${say('evaluate')}](command:${commands.evaluateExpression}?${encodeURIComponent(JSON.stringify([{ expression: part }]))})`;
  shown.appendMarkdown(`${where} · ${choose} · ${evaluate}\n`);
  if (error === undefined) shown.appendCodeblock(valueText(value, shownLines), 'json');
  else shown.appendMarkdown(`\n${say('No value:')} ${escapeMarkdown(error.message)}`);
  shown.isTrusted = { enabledCommands: [commands.chooseRun, commands.evaluateExpression] };
  return shown;
}

function isOn(): boolean {
  return vscode.workspace.getConfiguration(settings.section).get<boolean>(settings.valueHover, true);
}
