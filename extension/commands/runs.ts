import * as vscode from 'vscode';
import { type AskedWorkflow, askProject, askRun, askWorkflow, type AskedRun } from '../ask/pickers.ts';
import { commands } from '../base/ids.ts';
import { type Chosen, readChosen, readTarget, type Target } from '../base/target.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { showDocument } from '../documents/document-provider.ts';
import { askInputs } from '../form/ask-inputs.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { triedFirst } from '../form/launch-items.ts';
import { reviewLaunch } from '../form/review-launch.ts';
import { inputParams, noInputs, rememberable, type RunInputs } from '../form/run-inputs.ts';
import type { LiveDocument } from '../language/live/live-document.ts';
import type { Project } from '../project/project.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import type { Tally } from '../selection/batches.ts';
import { say } from '../wording/language.ts';
import { valueText } from '../wording/outside-text.ts';
import { runDescription } from '../wording/run.ts';
import { actOnMany } from './act-on-many.ts';
import type { App, Command } from './app.ts';
import { followTrial } from './replay.ts';

const runWorkflow: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askWorkflow(app, argument, say('Which workflow is to run?'));
    return asked === undefined ? undefined : startRun(app, asked);
  },
};

/** Runs the workflow of the editor, saved first: what runs is what is on the disk. */
const runFile: Command = {
  acts: true,
  run: async (app, argument) => {
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    const project = uri === undefined ? undefined : app.projects.ofFile(uri);
    if (uri === undefined || project === undefined) {
      await app.ask.tell('information', say('Open a workflow of a project in the editor, or use "Sluice: Run Workflow…".'));
      return undefined;
    }
    await vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())?.save();
    const file = uri.path.slice(vscode.Uri.parse(project.folder).path.length + 1);
    const asked = await askWorkflow(app, { folder: project.folder, file }, '');
    return asked === undefined ? undefined : startRun(app, asked);
  },
};

/**
 * Asks for the inputs, shows what would happen, starts the run or its first items, and says so. Answers with its id; undefined if the person gave up.
 * Begins with what was given the last time, unless `given` says with what.
 */
export async function startRun(app: App, { project, workflow }: AskedWorkflow, given?: RunInputs): Promise<string | undefined> {
  const { ask, memory } = app;
  if (!workflow.valid) {
    await tellBroken(app, { project, workflow });
    return undefined;
  }
  const fields = fieldsOf(workflow.inputs);
  const memoryKey = `inputs ${project.folder} ${workflow.id}`;
  const known = new Set(fields.map(({ name }) => name));
  const last = forget(given ?? memory.get<RunInputs>(memoryKey) ?? noInputs, known);
  const inputs = await askInputs(ask, { title: workflow.name, fields, last });
  const launch = inputs === undefined ? undefined : await reviewLaunch(app, { project, workflow, fields, inputs });
  if (launch === undefined) return undefined;
  const daemon = await project.connection.ensure();
  const { id } = await daemon.call('run/start', { workflow: workflow.id, ...inputParams(launch.inputs), ...(launch.isTrial ? { firstItems: triedFirst } : {}) });
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
  const open = say('Open Run');
  if ((await ask.tell('information', say('{name} runs as {run}.', { name, run: target.run ?? '' }), open)) === open) await vscode.commands.executeCommand(commands.openRun, target);
}

async function tellBroken({ ask }: App, { project, workflow }: AskedWorkflow): Promise<void> {
  const open = say('Open Workflow');
  const chosen = await ask.tell('error', say("{file} has errors and can't be run.", { file: workflow.file }), open);
  if (chosen === open) await vscode.commands.executeCommand(commands.openWorkflow, { folder: project.folder, workflow: workflow.id, file: workflow.file } satisfies Target);
}

/** Lets a run whose first items were tried take the rest of them. */
const continueRun: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    const run = project === undefined ? undefined : (readTarget(argument)?.run ?? (await askHeldRun(app, project)));
    if (project === undefined || run === undefined) return undefined;
    await (await project.connection.ensure()).call('run/continue', { id: run });
    void app.ask.tell('information', say('{run} takes the rest of its items.', { run }));
    return run;
  },
};

async function askHeldRun({ ask }: App, project: Project): Promise<string | undefined> {
  const { runs } = await (await project.connection.ensure()).call('run/list', { state: 'running', limit: 200 });
  const held = runs.filter(({ heldAfter }) => heldAfter !== undefined);
  if (held.length === 0) {
    void ask.tell('information', say('No run waits after its first items.'));
    return undefined;
  }
  const items = held.map((run) => ({ label: `${run.workflow} ${run.id}`, description: runDescription(run, Date.now()), run: run.id }));
  return (await ask.pick(items, { placeHolder: say('Which run takes the rest of its items?') }))?.run;
}

const cancelRun: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('run', argument, selected);
    if (chosen.length > 1) return cancelRuns(app, chosen);
    const asked = await askRun(app, argument, say('Which run is to be cancelled?'), { state: 'running' });
    if (asked === undefined) return undefined;
    const { project, run } = asked;
    const daemon = await project.connection.ensure();
    const { workflow, jobs, state, closing } = await daemon.call('run/get', { id: run });
    if (state !== 'running' && !closing && jobs.open > 0) return takeBack(app, daemon, run, jobs.open);
    const isSure = await app.ask.confirm({
      question: say('Cancel the run {run} of {workflow}?', { run, workflow }),
      detail: say('{count, plural, =1 {One of its jobs is still open. It no longer starts, or is interrupted. What was sent stays sent.} other {# of its jobs are still open. None of them will start, and what is under way is interrupted. What was sent stays sent.}}', { count: jobs.open }),
      verb: say('Cancel Run'),
    });
    return isSure ? daemon.call('run/cancel', { id: run }) : undefined;
  },
};

/** Of a run that has ended only what was replayed is open. It may be worth more as dead letters than cancelled. */
async function takeBack({ ask, log }: App, daemon: Daemon, run: string, open: number): Promise<unknown> {
  const isSure = await ask.confirm({
    question: say('Take the replay of {run} back?', { run }),
    detail: say('{count, plural, =1 {One job of the run was replayed and is open. If it waits, it becomes a dead letter again; if it is under way, it is left to end. What was sent stays sent.} other {# jobs of the run were replayed and are open. Those that wait become dead letters again; what is under way is left to end. What was sent stays sent.}}', { count: open }),
    verb: say('Take Back'),
  });
  if (!isSure) return undefined;
  const result = await daemon.call('run/cancel', { id: run, takeBack: true });
  const text = say('{count, plural, one {# replayed job of {run} is a dead letter again.} other {# replayed jobs of {run} are dead letters again.}}', { count: result.takenBack ?? 0, run });
  log.info(text);
  void ask.tell('information', text);
  return result;
}

async function cancelRuns(app: App, chosen: readonly Chosen[]): Promise<Tally | undefined> {
  const runs = await Promise.all(chosen.map(async (one) => ({ one, run: await (await app.projects.daemonOf(one.folder)).call('run/get', { id: one.id }) })));
  const running = runs.filter(({ run }) => run.state === 'running');
  const open = running.reduce((sum, { run }) => sum + run.jobs.open, 0);
  return actOnMany(app, {
    chosen: running.map(({ one }) => one),
    idle: runs.filter(({ run }) => run.state !== 'running').map(({ one }) => one),
    what: 'runs-cancelled',
    title: say('Cancelling runs'),
    confirmation: {
      question: say('{count, plural, =1 {Cancel the one run of the selection that is running?} other {Cancel # runs?}}', { count: running.length }),
      detail: say("Jobs of theirs that are still open: {open}. None of them will start, and what is under way is interrupted. What was sent stays sent. This can't be undone.", { open }),
      verb: say('Cancel Runs'),
    },
    act: 'cancel-runs',
  });
}

const openRun: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askRun(app, argument, say('Which run is to be opened?'));
    return asked === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'run', run: asked.run } });
  },
};

/** The run whose values the expressions of the workflow in the editor show. */
const chooseRun: Command = {
  acts: false,
  run: async (app) => {
    const { liveDocument } = await import('../language/live/live-document.ts');
    const document = vscode.window.activeTextEditor?.document;
    const live = document === undefined ? undefined : liveDocument(app, document);
    if (live?.places.workflow === undefined) {
      await app.ask.tell('information', say('Open a workflow of a project in the editor first.'));
      return undefined;
    }
    const { project } = live;
    const workflow = live.places.workflow.name;
    const { runs } = await (await project.connection.ensure()).call('run/list', { workflow, limit: 200 });
    const last: { readonly label: string; readonly description?: string; readonly run: string | undefined } = { label: say('The last run'), run: undefined };
    const picked = await app.ask.pick([last, ...runs.map((run) => ({ label: run.id, description: runDescription(run, Date.now()), run: run.id }))], {
      placeHolder: say('Show the values of which run?'),
    });
    if (picked === undefined) return undefined;
    app.chosenRuns.set(project.folder, workflow, picked.run);
    return picked.run ?? runs[0]?.id;
  },
};

/** A job that failed in a run, in a step of it where one is named: the newest of the dead letters. */
const openFailure: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askRun(app, argument, say('What failed in which run is to be opened?'), { state: 'failed' });
    if (asked === undefined) return undefined;
    const { project, run } = asked;
    const step = readTarget(argument)?.step;
    const daemon = await project.connection.ensure();
    const { jobs } = await daemon.call('job/list', { run, state: 'dead', limit: 1, ...(step === undefined ? {} : { step }) });
    const [job] = jobs;
    if (job !== undefined) return showDocument({ folder: project.folder, subject: { kind: 'job', job: job.id } });
    await app.ask.tell('information', say('{run} no longer has a dead letter.', { run }));
    return undefined;
  },
};

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

export const runCommands = { runWorkflow, runFile, continueRun, cancelRun, openRun, chooseRun, openFailure, evaluateExpression };
