import path from 'node:path';
import { type AddCommand, examples } from '../command-runtime.ts';
import type { CommandContext } from '../command-context.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { exitCodes, type ExitCode, UsageError } from '../exit-code.ts';
import { collect, parseCount } from '../option-parsers.ts';
import { renderRun } from '../render/runs.ts';
import { readRunInputs } from '../run-inputs.ts';
import { ProgressBar, waitForRun } from '../run-wait.ts';

interface RunOptions {
  readonly input?: readonly string[];
  readonly key?: string;
  readonly first?: number;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

export const addRun: AddCommand = (program, runtime) => {
  program
    .command('run')
    .argument('<workflow>', 'its id (the name of its file without .yaml), or the path of its file')
    .description('start a run of a workflow and print its id')
    .option('-i, --input <name=value>', 'an input; name=@file reads it from a file (.json, .jsonl, .csv, else text); may be repeated', collect)
    .option('--key <text>', 'starts it once: the same key again answers the run that it started')
    .option('--first <count>', 'only the first items of each foreach; `sluice continue` lets it take the rest', parseCount)
    .option('--wait', 'wait until it has ended, with its progress on a terminal; exit 1 where it failed or was cancelled')
    .option('--dry-run', 'not supported yet')
    .addHelpText(
      'after',
      examples(
        ['sluice run hello', 'start it'],
        ['sluice run newsletter -i subject="Hello" -i list=@people.csv --wait', 'with inputs, to its end'],
        ['sluice run invoice -i id=4711 --key invoice-4711', 'once, however often it is called'],
        ['sluice run newsletter -i dry=true --json', 'values are JSON where the workflow wants no text'],
      ),
    )
    .action(
      runtime.action(async (context, workflow: string, { input = [], key, first, wait, dryRun }: RunOptions) => {
        // A run that waits to be continued doesn't end.
        if (wait === true && first !== undefined) throw new UsageError('--wait and --first exclude each other: the run waits for `sluice continue` after its first items.');
        if (dryRun === true) throw new UsageError('--dry-run is not supported yet. `sluice validate` checks the files without running anything.');
        const id = workflowIdOf(workflow);
        const client = await context.connect();
        const { workflows } = await client.call('workflow/list', {});
        const { inputs, inputFiles } = await readRunInputs(input, workflows.find((one) => one.id === id), context.terminal.io.cwd);
        const started = await client.call('run/start', { workflow: id, inputs, inputFiles, ...(first === undefined ? {} : { firstItems: first }), ...(key === undefined ? {} : { key }) });
        if (wait === true) return waitForEnd(context, client, started.id);
        if (started.existed === true) context.notice(`Nothing was started: ${started.id} has that key already.`);
        context.show(started, () => started.id);
        return exitCodes.done;
      }),
    );
};

/** People complete a path with the tab key: `.sluice/workflows/hello.yaml` means `hello`. */
function workflowIdOf(text: string): string {
  return /\.ya?ml$/.test(text) ? path.basename(text).replace(/(\.sluice)?\.ya?ml$/, '') : text;
}

async function waitForEnd(context: CommandContext, client: DaemonClient, id: string): Promise<ExitCode> {
  const { terminal, json } = context;
  const stop = new AbortController();
  const stopListening = terminal.io.interrupts?.listen(() => stop.abort());
  // Only when Ctrl-C is heard: from here on the person knows what there is to stop.
  if (!json) terminal.err(`${id} has started.`);
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
