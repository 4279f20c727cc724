import * as vscode from 'vscode';
import { askProject } from '../ask/pickers.ts';
import { type CommandId, commands } from '../base/ids.ts';
import { readTarget, type Target } from '../base/target.ts';
import { askInputs } from '../form/ask-inputs.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { noInputs } from '../form/run-inputs.ts';
import { userName } from '../../platform/user-name.ts';
import type { Project } from '../project/project.ts';
import type { SignalWait } from '../../schemas/protocol/signal.ts';
import type { WaitCause, Why } from '../../schemas/protocol/why.ts';
import { causeMessage, spanMessage, whyTitle } from '../../schemas/wording/why.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { formatAge, formatDue, formatMoment, say, textOf } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import { queueDescription, waitingIn } from '../wording/queue.ts';
import type { App, Command } from './app.ts';

/** Runs that are offered. */
const maxRuns = 50;

/** The causes of a wait, in the order in which they have to go; choosing one runs the command that changes it. Answers with the ordered kinds. */
const why: Command = {
  acts: false,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const asked = askedOf(readTarget(argument)) ?? (await askWaiting(app, project));
    if (asked === undefined) return undefined;
    const found = await (await project.connection.ensure()).call('why', asked);
    const items = found.causes.map((cause, index) => itemOf(project, found, { cause, index }));
    const spans = (found.spans ?? []).map((span) => textOf(spanMessage(span, { outside: oneLine })));
    const chosen = await app.ask.pick(items, { title: [textOf(whyTitle(found)), ...(spans.length === 0 ? [] : [say('So far: {spans}.', { spans: spans.join(', ') })])].join(' '), placeHolder: say('What has to change first comes first. Choose one to change it.') });
    if (chosen?.change !== undefined) await vscode.commands.executeCommand(chosen.change.command, chosen.change.argument);
    return found.causes.map(({ kind }) => kind);
  },
};

/** What a row is about, from the smallest to the largest. */
function askedOf(target: Target | undefined): { readonly id: string; readonly step?: string } | undefined {
  const { job, run, step, schedule, delivery, queue } = target ?? {};
  if (job !== undefined) return { id: job };
  if (run !== undefined) return { id: run, ...(step === undefined ? {} : { step }) };
  const id = schedule ?? delivery ?? queue;
  return id === undefined ? undefined : { id };
}

async function askWaiting({ ask }: App, project: Project): Promise<{ readonly id: string } | undefined> {
  const daemon = await project.connection.ensure();
  const [{ queues }, { runs }] = await Promise.all([daemon.call('queue/list', {}), daemon.call('run/list', { state: 'running', limit: maxRuns })]);
  const items = [
    ...queues.filter((queue) => queue.paused || waitingIn(queue) > 0).map((queue) => ({ label: queue.name, description: queueDescription(queue, Date.now()), id: queue.name })),
    ...runs.map((run) => ({ label: run.id, description: run.workflow, id: run.id })),
  ];
  const picked = await ask.pick(items, { placeHolder: say('Why is what waiting?') });
  return picked && { id: picked.id };
}

interface Change {
  readonly command: CommandId;
  readonly argument: unknown;
  readonly title: string;
}

interface CauseItem extends vscode.QuickPickItem {
  readonly change: Change | undefined;
}

function itemOf(project: Project, { kind, id }: Why, { cause, index }: { readonly cause: WaitCause; readonly index: number }): CauseItem {
  const change = changeOf(cause, { folder: project.folder, ...(kind === 'schedule' ? { schedule: id } : {}) });
  const place = kind === 'job' || cause.kind === 'needs' || cause.kind === 'making' ? undefined : [cause.step, cause.job].filter((part) => part !== undefined).join(' · ');
  const text = textOf(causeMessage(cause, { time: momentText, outside: oneLine }));
  return { label: `${index + 1}. ${text}`, ...(place === undefined || place === '' ? {} : { description: place }), ...(change === undefined ? {} : { detail: change.title }), change };
}

function momentText(time: string): string {
  const nowMs = Date.now();
  return `${formatMoment(time)} (${Date.parse(time) > nowMs ? formatDue(time, nowMs) : formatAge(time, nowMs)})`;
}

/** The command that would let it go on now. */
function changeOf(cause: WaitCause, here: Target): Change | undefined {
  const { queue, run, job, lack } = cause;
  const target: Target = { ...here, ...(queue === undefined ? {} : { queue }), ...(run === undefined ? {} : { run }), ...(job === undefined ? {} : { job }) };
  const to = (command: CommandId, title: string, argument: unknown = target): Change => ({ command, title, argument });
  switch (cause.kind) {
    case 'paused':
    case 'held':
      return to(commands.resumeQueue, say('Resume Queue'));
    case 'lacking':
      return lack?.kind === 'secret' ? to(commands.setSecret, say('Set Secret…'), { uri: here.folder, secret: lack.name }) : undefined;
    case 'concurrency':
      return to(commands.setConcurrency, say('Set Concurrency…'));
    case 'rate':
      return to(commands.setRate, say('Set Rate…'));
    case 'retry':
    case 'spread':
    case 'time':
      return to(commands.retryNow, say('Retry Now'));
    case 'signal':
      return to(commands.answerSignal, say('Answer…'));
    case 'child':
    case 'gate':
      return run === undefined ? undefined : to(commands.openRun, say('Open Run'), { ...here, run });
    case 'dead':
      return job === undefined ? to(commands.openRun, say('Open Run')) : to(commands.openDeadLetter, say('Open Dead Letter'));
    case 'held-items':
      return to(commands.continueRun, say('Continue Run'));
    case 'schedule-paused':
      return to(commands.resumeSchedule, say('Resume Schedule'));
    case 'failing':
      return to(commands.showQueue, say('Show Queue'));
    case 'active':
      return job === undefined ? undefined : to(commands.openJob, say('Open Job'), { ...here, job });
    default:
      return undefined;
  }
}

/** Answers a step that waits for a signal: that of the job or run it is called for, or one that is chosen. Answers with the run; undefined if the person gave up. */
const answerSignal: Command = {
  acts: true,
  run: async ({ ask, projects }, argument) => {
    const project = await askProject({ ask, projects }, argument);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const { job, run } = readTarget(argument) ?? {};
    const { waits } = await daemon.call('signal/list', run === undefined ? {} : { run });
    const meant = job === undefined ? waits : waits.filter((wait) => wait.job === job);
    const [only, ...others] = meant;
    if (only === undefined) {
      await ask.tell('information', say('Nothing waits for an answer here.'));
      return undefined;
    }
    const items = meant.map((wait) => ({ label: oneLine(wait.signal, 80), description: `${wait.run} · ${wait.workflow}/${wait.step}`, wait }));
    const wait = others.length === 0 ? only : (await ask.pick(items, { placeHolder: say('What is to be answered?') }))?.wait;
    if (wait === undefined) return undefined;
    const answer = await askInputs(ask, { title: say("Answer '{signal}' of {run}", { signal: oneLine(wait.signal, 80), run: wait.run }), fields: fieldsOf(formOf(wait)), last: noInputs });
    if (answer === undefined) return undefined;
    const confirmation = {
      question: say("Answer '{signal}' of {run}?", { signal: oneLine(wait.signal, 80), run: wait.run }),
      detail: say("The run goes on with this answer. There is one only: it can't be changed."),
      verb: say('Answer'),
    };
    if (!(await ask.confirm(confirmation))) return undefined;
    const by = userName();
    const hasForm = isJsonObject(wait.payload);
    await daemon.call('signal/send', { run: wait.run, name: wait.signal, ...(hasForm ? { payload: answer.values } : {}), ...(by === '' ? {} : { by }) });
    return wait.run;
  },
};

/** What an answer takes, as the inputs of a workflow: what has no default has to be said. */
function formOf({ payload }: SignalWait): Json {
  const properties = isJsonObject(payload) ? payload : {};
  const required = Object.entries(properties).flatMap(([name, schema]) => (isJsonObject(schema) && schema['default'] === undefined ? [name] : []));
  return { type: 'object', properties, required };
}

export const waitCommands = { why, answerSignal };
