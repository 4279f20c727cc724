import type { SignalWait } from '../../schemas/protocol/signal.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { askProject } from '../ask/pickers.ts';
import { readTarget } from '../base/target.ts';
import { userName } from '../base/user-name.ts';
import { askInputs } from '../form/ask-inputs.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { noInputs } from '../form/run-inputs.ts';
import { say } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import type { Command } from './command.ts';

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

export const signalCommands = { answerSignal };
