import path from 'node:path';
import { type AddCommand, examples, type CommandContext } from '../command-context.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { exitCodes, type ExitCode, UsageError } from '../exit-code.ts';
import { collect, parseCount, parseDelimiter, parseEncoding, parseRunKey } from '../option-parsers.ts';
import { renderRun } from '../render/runs.ts';
import { renderRunPreview } from '../render/run-preview.ts';
import type { TextEncoding } from '../../../schemas/workflow/csv-format.ts';
import type { Params } from '../../../schemas/protocol/method.ts';
import { readRunInputs } from '../run-inputs.ts';
import { ProgressBar, waitForRun } from '../run-wait.ts';

interface RunOptions {
  readonly input?: readonly string[];
  readonly csvDelimiter?: string;
  readonly csvEncoding?: TextEncoding;
  readonly key?: string;
  readonly first?: number;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

export const addRun: AddCommand = (program, runtime) => {
  program
    .command('run')
    .argument('<workflow>', 'its id (the file name without .yaml), or the path of its file')
    .description('start a run of a workflow and print its id')
    .option('-i, --input <name=value>', 'an input; name=@file reads it from a file (.json, .jsonl, .csv, else text); may be repeated', collect)
    .option('--csv-delimiter <character>', 'what separates the fields of .csv files of inputs: tab, or one character (default: found in each file)', parseDelimiter)
    .option('--csv-encoding <name>', 'the encoding of .csv files of inputs that have no byte order mark: utf-8, utf-16le, utf-16be or windows-1252 (default: utf-8)', parseEncoding)
    .option('--key <text>', 'start only one run for this key: the second time, print the id of the first run', parseRunKey)
    .option('--first <count>', 'only the first items of each foreach; `sluice continue` does the rest', parseCount)
    .option('--wait', 'wait until it has ended, and show progress on a terminal; exit 1 if it failed or was cancelled')
    .option('--dry-run', 'only say what it would do: jobs, duplicates, the first call, and whether `concurrency` would let it start; exit 1 if it or a step would not')
    .addHelpText(
      'after',
      examples(
        ['sluice run hello', 'start it'],
        ['sluice run newsletter -i subject="Hello" -i list=@people.csv --wait', 'with inputs, and wait for the end'],
        ['sluice run invoice -i id=4711 --key invoice-4711', 'once, even if the command is repeated'],
        ['sluice run newsletter -i dry=true --json', 'values are read as JSON unless the input is a string'],
      ),
    )
    .action(
      runtime.action(async (context, workflow: string, { input = [], csvDelimiter, csvEncoding, key, first, wait, dryRun }: RunOptions) => {
        // A run that waits to be continued doesn't end.
        if (wait === true && first !== undefined) throw new UsageError('--wait and --first exclude each other: the run waits for `sluice continue` after its first items.');
        if (dryRun === true && (wait === true || first !== undefined || key !== undefined)) throw new UsageError('--dry-run starts nothing, so it goes with none of --wait, --first and --key.');
        const id = workflowIdOf(workflow);
        const client = await context.connect();
        const { workflows } = await client.call('workflow/list', {});
        const { inputs, inputFiles } = await readRunInputs(input, workflows.find((one) => one.id === id), context.terminal.io.cwd);
        const csv = { ...(csvDelimiter === undefined ? {} : { delimiter: csvDelimiter }), ...(csvEncoding === undefined ? {} : { encoding: csvEncoding }) };
        const given = { workflow: id, inputs, inputFiles, ...(Object.keys(csv).length === 0 ? {} : { csv }) };
        if (dryRun === true) return preview(context, client, given);
        const started = await client.call('run/start', { ...given, ...(first === undefined ? {} : { firstItems: first }), ...(key === undefined ? {} : { key }) });
        const existed = started.existed === true;
        if (existed) context.notice(`Nothing was started: ${started.id} has that key already.`);
        if (wait === true) return waitForEnd(context, client, started.id, existed);
        context.show(started, () => started.id);
        return exitCodes.done;
      }),
    );
};

/** People complete a path with the tab key: `.sluice/workflows/hello.yaml` means `hello`. */
function workflowIdOf(text: string): string {
  return /\.ya?ml$/.test(text) ? path.basename(text).replace(/(\.sluice)?\.ya?ml$/, '') : text;
}

async function preview(context: CommandContext, client: DaemonClient, params: Params<'run/preview'>): Promise<ExitCode> {
  const found = await client.call('run/preview', params);
  context.show(found, () => renderRunPreview(found));
  const isRefused = found.concurrency?.then === 'skipped' || found.steps.some(({ problem }) => problem !== undefined);
  return isRefused ? exitCodes.failed : exitCodes.done;
}

async function waitForEnd(context: CommandContext, client: DaemonClient, id: string, existed: boolean): Promise<ExitCode> {
  const { terminal, json } = context;
  const stop = new AbortController();
  const stopListening = terminal.io.interrupts?.listen(() => stop.abort());
  // Only when Ctrl-C is heard: from here on the person knows what there is to stop.
  if (!json && !existed) terminal.err(`${id} has started.`);
  const bar = new ProgressBar(terminal, !json);
  try {
    const run = await waitForRun({
      id,
      client,
      reconnect: async () => context.connectIfRunning().catch(() => undefined),
      onChange: (change) => bar.show(change),
      signal: stop.signal,
    });
    bar.stop();
    if (run === undefined) {
      context.notice(`${id} continues without you: \`sluice run-show ${id}\` shows how far it is, \`sluice cancel ${id}\` stops it.`);
      return exitCodes.interrupted;
    }
    context.show(run, (view) => renderRun(run, view));
    return run.state === 'succeeded' ? exitCodes.done : exitCodes.failed;
  } finally {
    bar.stop();
    stopListening?.();
  }
}
