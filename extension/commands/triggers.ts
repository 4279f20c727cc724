import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { askDelivery, askSchedule, askWorkflow, type AskedWorkflow } from '../ask/pickers.ts';
import { showDocument } from '../documents/document-provider.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import type { DeliveryDetail } from '../../schemas/protocol/delivery.ts';
import type { Result } from '../../schemas/protocol/method.ts';
import { type Message, verbatim } from '../../schemas/wording/message.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import { readSample, type ReadSample, writeSample } from '../../schemas/workflow/triggers/webhook-sample.ts';
import { say, textOf } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import type { Command, App } from './app.ts';
import { startRun } from './runs.ts';

const openDelivery: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askDelivery(app, argument, say('Which delivery is to be opened?'));
    return asked === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'delivery', delivery: asked.delivery } });
  },
};

/** Takes a delivery as if its event had just come. Answers with the new delivery; undefined if the person gave up. */
const rerunDelivery: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askDelivery(app, argument, say('Which delivery is to be run again?'));
    if (asked === undefined) return undefined;
    const daemon = await asked.project.connection.ensure();
    const delivery = await daemon.call('delivery/get', { id: asked.delivery });
    const isSure = await app.ask.confirm({ question: say('Run the delivery {delivery} of {workflow} again?', { delivery: delivery.id, workflow: delivery.workflow }), detail: meaningOf(delivery), verb: say('Run Again') });
    if (!isSure) return undefined;
    const again = await daemon.call('delivery/rerun', { id: delivery.id, unverified: delivery.outcome === 'refused' });
    const text =
      again.run !== undefined
        ? say('{delivery} started {run}.', { delivery: again.id, run: again.run })
        : again.reason === undefined
          ? say("{delivery} was ignored: the webhook's `if` is false for it.", { delivery: again.id })
          : say('{delivery} was ignored: {reason}', { delivery: again.id, reason: again.reason });
    void app.ask.tell('information', text);
    return again.id;
  },
};

/** What running it again does beyond what the person may expect. */
function meaningOf({ outcome, run }: DeliveryDetail): string {
  if (outcome === 'refused') return say('It did not prove where it comes from, so anyone may have written it. Look at it first, and run it only if you trust it.');
  if (run !== undefined) return say('Its event has started {run} already. Another run starts, and does everything once more.', { run });
  return say("It is taken as if it had just come, by the workflow's file as it is now.");
}

/** Begins a run with the inputs of the one that a delivery started. Secrets are asked for: they are kept nowhere. */
const useDeliveryInputs: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askDelivery(app, argument, say('Which delivery has the inputs?'));
    if (asked === undefined) return undefined;
    const { project, delivery: id } = asked;
    const daemon = await project.connection.ensure();
    const { workflow, run } = await daemon.call('delivery/get', { id });
    if (run === undefined) {
      await app.ask.tell('information', say('{delivery} started no run, so it has no inputs.', { delivery: id }));
      return undefined;
    }
    const { inputs } = await daemon.call('run/get', { id: run });
    const values = inputs as Json;
    if (!isJsonObject(values)) {
      await app.ask.tell('information', say('The inputs of {run} are too large to be taken over.', { run }));
      return undefined;
    }
    const found = await askWorkflow(app, { folder: project.folder, workflow }, '');
    if (found === undefined) return undefined;
    const secrets = new Set(fieldsOf(found.workflow.inputs).flatMap(({ name, isSecret }) => (isSecret ? [name] : [])));
    return startRun(app, found, { values: Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.has(name))), files: {} });
  },
};

/** Of a request's body, in bytes; see `delivery/send`. */
const maxSampleBytes = 1024 * 1024;

/** Sends a file to a workflow's webhook, signed as the sender would. Answers with the delivery; undefined if the person gave up or none was kept. */
const sendSampleDelivery: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askWorkflow(app, argument, say('Which workflow is to receive it?'), ({ webhook }) => webhook !== undefined);
    if (asked === undefined) return undefined;
    const { project, workflow } = asked;
    if (workflow.webhook === undefined) {
      await app.ask.tell('information', say("The workflow {workflow} has no webhook: add one to its file, under 'on'.", { workflow: workflow.id }));
      return undefined;
    }
    const file = await askSample(app, asked);
    if (file === undefined) return undefined;
    const read = await readSampleFile(file);
    if (!read.ok) {
      await app.ask.tell('error', say('{file} is not a sample: {problem}.', { file: path.basename(file), problem: textOf(read.problem) }));
      return undefined;
    }
    await app.memory.update(memoryKey(asked), file);
    const sent = await (await project.connection.ensure()).call('delivery/send', { workflow: workflow.id, ...read.sample, sign: true });
    void app.ask.tell(sent.status < 300 ? 'information' : 'warning', answerText(sent));
    if (sent.delivery !== undefined) await showDocument({ folder: project.folder, subject: { kind: 'delivery', delivery: sent.delivery } });
    return sent.delivery;
  },
};

/** The one that was sent last is offered first. */
async function askSample(app: App, asked: AskedWorkflow): Promise<string | undefined> {
  const last = app.memory.get<string>(memoryKey(asked));
  if (last !== undefined) {
    const items = [{ label: path.basename(last), description: path.dirname(last), file: last }, { label: say('Another File…'), file: undefined }];
    const picked = await app.ask.pick(items, { placeHolder: say('Which sample is to be sent to {workflow}?', { workflow: asked.workflow.name }) });
    if (picked === undefined || picked.file !== undefined) return picked?.file;
  }
  const file = await app.ask.file({
    title: say('Send a Sample to {workflow}', { workflow: asked.workflow.name }),
    openLabel: say('Send'),
    defaultUri: vscode.Uri.file(last ?? asked.project.path),
    filters: { JSON: ['json'] },
  });
  return file?.fsPath;
}

function memoryKey({ project, workflow }: AskedWorkflow): string {
  return `sample ${project.folder} ${workflow.id}`;
}

async function readSampleFile(file: string): Promise<ReadSample> {
  const read = await readRegularFile(file, maxSampleBytes);
  if (!read.ok) return failed(verbatim(read.problem));
  const decoded = decodeText(read.content);
  return decoded.ok ? readSample(decoded.text) : failed(verbatim(decoded.problem));
}

function failed(problem: Message): ReadSample {
  return { ok: false, problem };
}

function answerText({ status, answer, delivery, run }: Result<'delivery/send'>): string {
  if (delivery !== undefined && run !== undefined) return say('It was answered {status}: {delivery} started {run}.', { status: String(status), delivery, run });
  if (delivery !== undefined && status < 300) return say('It was answered {status}: {delivery} started no run.', { status: String(status), delivery });
  return answer.trim() === '' ? say('It was answered {status}.', { status: String(status) }) : say('It was answered {status}: {answer}', { status: String(status), answer: oneLine(answer, 300) });
}

/** Writes what was received into a file that can be sent again. Answers with the file; undefined if the person gave up. */
const saveDeliveryAsSample: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askDelivery(app, argument, say('Which delivery is to be saved?'));
    if (asked === undefined) return undefined;
    const { project, delivery: id } = asked;
    const delivery = await (await project.connection.ensure()).call('delivery/get', { id });
    if (delivery.body === undefined) {
      await app.ask.tell('information', say('The body of {delivery} was not kept.', { delivery: id }));
      return undefined;
    }
    const file = await app.ask.saveFile({
      title: say('Save {delivery} as a Sample', { delivery: id }),
      saveLabel: say('Save'),
      defaultUri: vscode.Uri.file(path.join(project.path, `${delivery.workflow}-sample.json`)),
      filters: { JSON: ['json'] },
    });
    if (file === undefined) return undefined;
    await writeFile(file.fsPath, writeSample(delivery));
    void app.ask.tell('information', say('{delivery} is in {file}, without what proves where it comes from, and with its secrets masked.', { delivery: id, file: path.basename(file.fsPath) }));
    return file.fsPath;
  },
};

const pauseSchedule: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askSchedule(app, argument, say('Which schedule is to be paused?'), ({ paused }) => !paused);
    if (asked === undefined) return undefined;
    const schedule = await (await asked.project.connection.ensure()).call('schedule/pause', { id: asked.schedule });
    void app.ask.tell('information', say('The schedule {cron} of {workflow} is paused: it starts nothing until it is resumed, also after a restart.', { cron: schedule.cron, workflow: schedule.workflow }));
    return schedule;
  },
};

const resumeSchedule: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askSchedule(app, argument, say('Which schedule is to be resumed?'), ({ paused }) => paused);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('schedule/resume', { id: asked.schedule });
  },
};

export const triggerCommands = { openDelivery, rerunDelivery, useDeliveryInputs, sendSampleDelivery, saveDeliveryAsSample, pauseSchedule, resumeSchedule };
