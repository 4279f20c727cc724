import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { readRegularFile } from '../../../platform/regular-file.ts';
import { type DeliveryOutcome, deliveryOutcomes } from '../../../schemas/protocol/delivery.ts';
import { readSample, type WebhookSample } from '../../../schemas/workflow/triggers/webhook-sample.ts';
import { type AddCommand, type CommandContext, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { collect, parseDeliveryId, parsePositive } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { renderDeliveries, renderDelivery } from '../render/deliveries.ts';
import { textOf } from '../render/format.ts';

export const addDeliveries: AddCommand = (program, runtime) => {
  const deliveries = program
    .command('deliveries')
    .description('list, show or repeat deliveries: incoming webhooks as they were received')
    .addHelpText('after', examples(['sluice deliveries list --outcome refused', 'those that could not be verified'], ['sluice deliveries show d12', 'its headers and its body'], ['sluice deliveries rerun d12', 'take it again, by the workflow as it is now']));
  addDeliveriesList(deliveries, runtime);
  addDeliveriesShow(deliveries, runtime);
  addDeliveriesRerun(deliveries, runtime);
};

interface ListOptions {
  readonly workflow?: string;
  readonly outcome?: DeliveryOutcome;
  readonly limit: number;
}

const addDeliveriesList: AddCommand = (deliveries, runtime) => {
  deliveries
    .command('list', { isDefault: true })
    .description('list deliveries, newest first (the default of `sluice deliveries`)')
    .option('--workflow <workflow>', 'only of this workflow')
    .addOption(new Option('--outcome <outcome>', 'of which this became').choices(deliveryOutcomes))
    .option('-n, --limit <n>', 'at most this many', parsePositive, 20)
    .action(
      runtime.action(async (context, { limit, ...filter }: ListOptions) => {
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, (page) => client.call('delivery/list', { ...filter, ...page }), (page) => page.deliveries);
        context.show(entries, (view) => renderDeliveries(entries, { more, filtered: Object.keys(filter).length > 0 }, view));
        return exitCodes.done;
      }),
    );
};

const addDeliveriesShow: AddCommand = (deliveries, runtime) => {
  deliveries
    .command('show')
    .argument('<id>', 'such as d12', parseDeliveryId)
    .description('show a delivery: headers, body, whether it was verified, and what it started or why nothing')
    .action(
      runtime.action(async (context, id: string) => {
        const delivery = await (await context.connectToLook()).call('delivery/get', { id });
        context.show(delivery, (view) => renderDelivery(delivery, view));
        return exitCodes.done;
      }),
    );
};

const addDeliveriesRerun: AddCommand = (deliveries, runtime) => {
  deliveries
    .command('rerun')
    .argument('<id>', 'such as d12', parseDeliveryId)
    .option('--unverified', 'also if it was refused because it is not verified: anyone can have sent it')
    .description("handle a delivery again, as if it had just arrived, by the workflow's file as it is now")
    .action(
      runtime.action(async (context, id: string, { unverified = false }: { readonly unverified?: boolean }) => {
        const again = await (await context.connect()).call('delivery/rerun', { id, unverified });
        context.show(again, () => (again.run === undefined ? `${again.id} was ignored${again.reason === undefined ? ": the webhook's `if` is false for it" : `: ${again.reason}`}.` : `${again.id} started ${again.run}.`));
        return exitCodes.done;
      }),
    );
};

/** Of a request's body, in bytes. */
const maxPayloadBytes = 1024 * 1024;

interface TriggerOptions {
  readonly payload?: string;
  readonly sample?: string;
  readonly header?: readonly string[];
  readonly sign?: boolean;
}

export const addTrigger: AddCommand = (program, runtime) => {
  program
    .command('trigger')
    .argument('<workflow>', 'a workflow with a webhook')
    .option('--payload <file>', 'the body to send, as it is in the file; `-` reads stdin')
    .option('--sample <file>', 'a sample, as the editor saves them: a body with its headers')
    .option('--header <name=value>', 'a header; may be repeated', collectHeader)
    .option('--sign', "sign it with the project's secret, as the sender would")
    .description("send a test request to the daemon's webhook listener; exit 1 unless it was accepted")
    .addHelpText('after', examples(['sluice trigger deals --payload deal.json --sign', 'as the CRM would send it'], ['sluice trigger ci --payload push.json --header x-github-event=push --sign', 'as GitHub would'], ['sluice trigger ci --sample push.sample.json --sign', 'as it was received once']))
    .action(
      runtime.action(async (context, workflow: string, { header = [], sign = false, ...from }: TriggerOptions) => {
        const { payload, headers: sampled } = await readRequest(context, from);
        const given = Object.fromEntries(header.map((one) => [one.slice(0, one.indexOf('=')).trim().toLowerCase(), one.slice(one.indexOf('=') + 1).trim()]));
        const headers = { ...sampled, ...given };
        const sent = await (await context.connect()).call('delivery/send', { workflow, payload, headers, sign });
        context.show(sent, () => {
          const kept = sent.delivery === undefined ? '' : ` ${sent.delivery}${sent.run === undefined ? ` (${sent.outcome ?? ''})` : ` started ${sent.run}`}`;
          const hint = sent.status === 401 && !sign ? ' Add --sign to sign it as its sender would.' : '';
          return `Answered ${sent.status}.${kept === '' ? '' : `${kept}.`}${sent.status === 202 ? '' : hint} ${sent.status < 300 ? '' : sent.answer}`.trim();
        });
        return sent.status >= 200 && sent.status < 300 ? exitCodes.done : exitCodes.failed;
      }),
    );
};

async function readRequest({ terminal }: CommandContext, { payload, sample }: Pick<TriggerOptions, 'payload' | 'sample'>): Promise<WebhookSample> {
  if ((payload === undefined) === (sample === undefined)) throw new UsageError('Give either --payload, the body alone, or --sample, a body with its headers.');
  const file = payload ?? sample ?? '';
  const option = payload === undefined ? '--sample' : '--payload';
  const text = file === '-' ? await terminal.readInput(maxPayloadBytes) : await readBody(path.resolve(terminal.io.cwd, file), `${option}: ${file}`);
  if (sample === undefined) return { payload: text, headers: {} };
  const read = readSample(text);
  if (!read.ok) throw new UsageError(`${option}: ${file}: ${textOf(read.problem)}`);
  return read.sample;
}

async function readBody(file: string, name: string): Promise<string> {
  const read = await readRegularFile(file, maxPayloadBytes);
  if (!read.ok) throw new UsageError(`${name} ${read.problem}.`);
  return read.content.toString('utf8');
}

function collectHeader(text: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+=/.test(text)) throw new InvalidArgumentError('A header is written like x-github-event=push.');
  return collect(text, before);
}
