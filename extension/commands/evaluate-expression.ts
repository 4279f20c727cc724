import * as vscode from 'vscode';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import type { App } from './app.ts';
import { type AskedRun, askRun } from '../ask/pickers.ts';
import type { LiveDocument } from '../language/live/live-document.ts';
import { valueText } from '../wording/outside-text.ts';
import type { Command } from './command.ts';
import { say } from '../wording/language.ts';

/** Any expression against a run: that of the workflow in the editor, else one that is asked for. Its value opens as a document. */
const evaluateExpression: Command = {
  acts: false,
  run: async (app, argument) => {
    // The whole language, which activation does without.
    const [{ analysisOf, liveDocument }, { expressionAt }, { parseExpression }] = await Promise.all([
      import('../language/live/live-document.ts'),
      import('../language/live/expression-at.ts'),
      import('../../schemas/workflow/expression/expression.ts'),
    ]);
    const editor = vscode.window.activeTextEditor;
    const live = editor === undefined ? undefined : liveDocument(app, editor.document);
    const pointed = editor === undefined || live === undefined ? undefined : expressionAt(analysisOf(live), editor.document.offsetAt(editor.selection.active));
    const asked = await runOf(app, live, argument);
    if (asked === undefined) return undefined;
    const given = isJsonObject(argument) && typeof argument['expression'] === 'string' ? argument['expression'] : (pointed?.source ?? '');
    const expression = await app.ask.input({
      title: say('Evaluate in {run}', { run: asked.run }),
      prompt: say('An expression, without its braces'),
      value: given,
      placeHolder: 'steps.fetch.output.body',
      validateInput: (text) => {
        const parsed = parseExpression(text.trim());
        return parsed.ok || text.trim() === '' ? undefined : parsed.error.message;
      },
    });
    if (expression === undefined || expression.trim() === '') return undefined;
    const daemon = await asked.project.connection.ensure();
    const step = pointed?.step;
    const { error, ...value } = await daemon.call('run/evaluate', { id: asked.run, expression: expression.trim(), ...(step === undefined ? {} : { step }) });
    if (error !== undefined) {
      await app.ask.tell('warning', say('{expression} has no value in {run}: {problem}', { expression: expression.trim(), run: asked.run, problem: error.message }));
      return undefined;
    }
    return app.texts.show(say('value in {run}', { run: asked.run }) + '.json', `${valueText(value)}\n`);
  },
};

/** The run that was chosen for the workflow of the editor, or its last one; asked for where there is neither. */
async function runOf(app: App, live: LiveDocument | undefined, argument: unknown): Promise<AskedRun | undefined> {
  const workflow = live?.places.workflow?.name;
  if (live !== undefined && workflow !== undefined) {
    const run = app.chosenRuns.get(live.project.folder, workflow) ?? live.project.mirror.runs().find((one) => one.workflow === workflow)?.id;
    if (run !== undefined) return { project: live.project, run };
  }
  return askRun(app, argument, say('Which run is the expression about?'));
}

export const expressionCommands = { evaluateExpression };
