import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import type { DeliveryDetail } from '../../schemas/protocol/delivery.ts';
import { askDelivery, askWorkflow } from '../ask/pickers.ts';
import { showDocument } from '../documents/show-document.ts';
import { fieldsOf } from '../form/input-fields.ts';
import { say } from '../wording/language.ts';
import type { Command } from './command.ts';
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

export const deliveryCommands = { openDelivery, rerunDelivery, useDeliveryInputs };
