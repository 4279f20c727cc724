import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { readRegularFile } from '../../../platform/regular-file.ts';
import { type DeliveryOutcome, deliveryOutcomes } from '../../../schemas/protocol/delivery.ts';
import { type AddCommand, examples } from '../command-runtime.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { collect, parseDeliveryId, parsePositive } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { renderDeliveries, renderDelivery } from '../render/deliveries.ts';

export const addDeliveries: AddCommand = (program, runtime) => {
  const deliveries = program
    .command('deliveries')
    .description('incoming webhooks as they were received, and what became of them')
    .addHelpText('after', examples(['sluice deliveries list --outcome refused', 'what did not prove where it comes from'], ['sluice deliveries show d12', 'its headers and its body'], ['sluice deliveries rerun d12', 'take it again, by the workflow as it is now']));
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
    .description('list them, newest first; what `sluice deliveries` alone does')
    .option('--workflow <workflow>', 'of this workflow')
    .addOption(new Option('--outcome <outcome>', 'of which this became').choices(deliveryOutcomes))
    .option('-n, --limit <n>', 'at most so many', parsePositive, 20)
    .action(
      runtime.action(async (context, { limit, ...filter }: ListOptions) => {
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, async (page) => {
          const { deliveries: found, next } = await client.call('delivery/list', { ...filter, ...page });
          return { entries: found, next };
        });
        context.show(entries, (view) => renderDeliveries(entries, { more, filtered: Object.keys(filter).length > 0 }, view));
        return exitCodes.done;
      }),
    );
};

const addDeliveriesShow: AddCommand = (deliveries, runtime) => {
  deliveries
    .command('show')
    .argument('<id>', 'such as d12', parseDeliveryId)
    .description('show one: headers, body, whether it was verified, what it started or why nothing')
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
    .option('--unverified', 'also one that was refused: anyone may have written it')
    .description("take one again, as if its event had just come, by the workflow's file as it is now")
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
  readonly header?: readonly string[];
  readonly sign?: boolean;
}

export const addTrigger: AddCommand = (program, runtime) => {
  program
    .command('trigger')
    .argument('<workflow>', 'a workflow with a webhook')
    .requiredOption('--payload <file>', 'the body to send, as it is in the file; `-` reads stdin')
    .option('--header <name=value>', 'a header; can be given several times', collectHeader)
    .option('--sign', "sign it with the project's secret, as the sender would")
    .description("send a request to the daemon's own listener for webhooks; exit 1 unless it was accepted")
    .addHelpText('after', examples(['sluice trigger deals --payload deal.json --sign', 'as the CRM would send it'], ['sluice trigger ci --payload push.json --header x-github-event=push --sign', 'as GitHub would']))
    .action(
      runtime.action(async (context, workflow: string, { payload: file, header = [], sign = false }: TriggerOptions) => {
        const payload = file === undefined || file === '-' ? await context.terminal.readInput(maxPayloadBytes) : await readBody(path.resolve(context.terminal.io.cwd, file), file);
        const headers = Object.fromEntries(header.map((one) => [one.slice(0, one.indexOf('=')).trim(), one.slice(one.indexOf('=') + 1).trim()]));
        const sent = await (await context.connect()).call('delivery/send', { workflow, payload, headers, sign });
        context.show(sent, () => {
          const kept = sent.delivery === undefined ? '' : ` ${sent.delivery}${sent.run === undefined ? ` (${sent.outcome ?? ''})` : ` started ${sent.run}`}`;
          const hint = sent.status === 401 && !sign ? ' With --sign it is signed as its sender would.' : '';
          return `Answered ${sent.status}.${kept === '' ? '' : `${kept}.`}${sent.status === 202 ? '' : hint} ${sent.status < 300 ? '' : sent.answer}`.trim();
        });
        return sent.status >= 200 && sent.status < 300 ? exitCodes.done : exitCodes.failed;
      }),
    );
};

async function readBody(file: string, name: string): Promise<string> {
  const read = await readRegularFile(file, maxPayloadBytes);
  if (!read.ok) throw new UsageError(`--payload: ${name} ${read.problem}.`);
  return read.content.toString('utf8');
}

function collectHeader(text: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+=/.test(text)) throw new InvalidArgumentError('A header is written like x-github-event=push.');
  return collect(text, before);
}
