import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../client-fault-text.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { type CommandContext, type AddCommand, examples } from '../command-context.ts';
import { addDeadSelection, readDeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { exitCodes, type ExitCode, UsageError } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { readPayloadFile } from '../payload-file.ts';
import { type EditsReplayed, renderEditsPlanned, renderEditsReplayed, renderReplayed, renderSelected, renderTally } from '../render/bulk.ts';
import { formatCount, formatNumber, say } from '../render/format.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { type DeadLetterEdit, checkDeadLetterEdits, readLetterEdits } from '../../../client/dead-letter-edits.ts';
import type { ReplayTally } from '../../../schemas/protocol/bulk.ts';
import { maxPage } from '../../../schemas/protocol/shape.ts';
import { english } from '../../../schemas/wording/language.ts';
import type { Message } from '../../../schemas/wording/message.ts';
import type { Terminal } from '../terminal.ts';

interface ReplayOptions extends DeadSelectionOptions {
  readonly edit?: string;
  readonly from?: string;
  readonly original?: boolean;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly rate?: string;
  readonly canary?: number;
  readonly detach?: boolean;
}

export const addDeadReplay: AddCommand = (dead, runtime) => {
  addDeadSelection(dead.command('replay').description('put dead letters back into their queues, for a new round of attempts'))
    .option('--edit <file>', 'a new payload for a single dead letter, JSON or YAML; - reads stdin')
    .option('--from <file>', 'a file of `sluice dead export`: replay those whose payload was edited in it; - reads stdin')
    .option('--original', 'send the original payloads; saved edits are kept, but not sent')
    .option('--wait', 'wait until each has succeeded or died again, and print the result; 1,000 at most')
    .option('--dry-run', 'only check and count')
    .option('--rate <rate>', 'replay them at this rate, such as 10/min')
    .option('--canary <n>', 'only the oldest n, as a test; with --detach, these first', parsePositive)
    .option('--detach', 'with --all: print an id without waiting; the daemon does the work, and `sluice bulk` shows its progress')
    .addHelpText(
      'after',
      examples(
        ['sluice dead replay j40', 'one'],
        ['sluice dead replay --all --queue erp --canary 1', 'the oldest of a queue'],
        ['sluice job j40 --json | jq .payload > p.json; sluice dead replay j40 --edit p.json', 'edited'],
      ),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, options: ReplayOptions) => {
        const { terminal } = context;
        const { edit, from, rate, canary, original = false, wait = false, dryRun = false, yes = false, detach = false } = options;
        if (from !== undefined) {
          refuseBesides(ids, options);
          return replayEdits(context, await readPayloadFile('--from', from, terminal, 'an array of dead letters'), { dryRun, yes });
        }
        const selection = await readDeadSelection(context, ids ?? [], options);
        if (edit !== undefined && selection.ids?.length !== 1) throw new UsageError('--edit replaces the payload of a single dead letter: name one.');
        if (edit !== undefined && original) throw new UsageError('--edit and --original: which payload is it to be?');
        if (detach && (selection.all !== true || wait || dryRun)) throw new UsageError('--detach goes with --all, and with neither --wait nor --dry-run.');
        const payload = edit === undefined ? {} : { payload: await readPayloadFile('--edit', edit, terminal, 'the whole payload') };
        const client = await context.connect();
        const params = {
          ...selection,
          ...payload,
          ...(original ? { originals: true } : {}),
          ...(rate === undefined ? {} : { rate }),
          ...(canary === undefined ? {} : { canary }),
        };
        // A replay loses nothing, so that only a person is asked, who may have meant less.
        const asks = selection.all === true && canary === undefined && !yes && !dryRun && !context.json && terminal.canAsk;
        const planned = asks || (wait && selection.all === true) ? await client.call('dead/replay', { ...params, dryRun: true }) : undefined;
        if (wait && planned !== undefined && planned.selected > maxPage) {
          throw new UsageError(`--wait follows ${formatNumber(maxPage)} dead letters at most, and these are ${formatNumber(planned.selected)}: leave it out, and look at \`sluice queues\`.`);
        }
        if (asks && planned !== undefined && planned.selected > 1 && !(await terminal.confirm(`${renderSelected(planned)} Replay them?`))) {
          terminal.err('Nothing was replayed.');
          return exitCodes.failed;
        }
        if (detach) {
          const bulk = await client.call('bulk/start', { action: 'replay', ...params });
          context.show(bulk, () => bulk.id);
          return exitCodes.done;
        }
        const result = await client.call('dead/replay', { ...params, ...(dryRun ? { dryRun } : {}) });
        if (dryRun || !wait || result.ids.length === 0) {
          context.show(result, (view) => (dryRun ? renderSelected(result) : renderReplayed(result, view)));
          return exitCodes.done;
        }
        if (!context.json) terminal.err(renderReplayed(result, terminal.errorView));
        const outcome = await waitForReplay(client, result.ids, terminal, !context.json);
        context.show({ ...result, outcome }, (view) => `${formatCount(result.replayed, 'dead letter')} replayed: ${renderTally(outcome, view)}.`);
        return outcome.succeeded === result.ids.length ? exitCodes.done : exitCodes.failed;
      }),
    );
};

function refuseBesides(ids: readonly string[] | undefined, { all, queue, run, where, group, filter, edit, rate, canary, original, wait, detach }: ReplayOptions): void {
  if ((ids ?? []).length === 0 && [all, queue, run, where, group, filter, edit, rate, canary, original, wait, detach].every((option) => option === undefined)) return;
  throw new UsageError('--from names its dead letters itself: neither ids nor other options than --dry-run and --yes go with it.');
}

/** More problems than this aren't read. */
const maxShown = 20;

/** `sluice dead replay --from FILE`: everything is checked before anything is replayed. `value`: what the file holds. */
async function replayEdits(context: CommandContext, value: unknown, { dryRun, yes }: { readonly dryRun: boolean; readonly yes: boolean }): Promise<ExitCode> {
  const { terminal } = context;
  const read = readLetterEdits(value);
  if (!read.ok) throw refusal(read.problems);
  const client = await context.connect();
  const { edited, unchanged, problems } = await checkDeadLetterEdits(client, read.edits);
  if (problems.length > 0) throw refusal(problems);
  const planned: EditsReplayed = { selected: edited.length, unchanged: unchanged.length, replayed: 0, ids: [], skipped: [] };
  if (dryRun || edited.length === 0) {
    context.show(planned, () => renderEditsPlanned(planned));
    return exitCodes.done;
  }
  if (!yes && !context.json && terminal.canAsk && !(await terminal.confirm(`${renderEditsPlanned(planned)} ${say('{count, plural, =1 {Replay it?} other {Replay them?}}', { count: edited.length })}`))) {
    terminal.err('Nothing was replayed.');
    return exitCodes.failed;
  }
  const { ids, skipped } = await replayEach(client, edited);
  const result = { ...planned, replayed: ids.length, ids, skipped };
  context.show(result, () => renderEditsReplayed(result));
  return skipped.length > 0 ? exitCodes.failed : exitCodes.done;
}

/** What was checked is replayed; where somebody else was quicker with one, the others continue. */
async function replayEach(client: DaemonClient, edited: readonly DeadLetterEdit[]): Promise<{ readonly ids: readonly string[]; readonly skipped: readonly string[] }> {
  const ids: string[] = [];
  const skipped: string[] = [];
  for (const { id, payload } of edited) {
    try {
      await client.call('dead/replay', { ids: [id], payload });
      ids.push(id);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.code !== 'wrong-state' && error.code !== 'not-found') {
        throw new CodedError(error.code, `Stopped at ${id}, after ${ids.length} of ${formatCount(edited.length, 'dead letter')}: ${messageOf(error)} Run it again for the rest.`);
      }
      skipped.push(id);
    }
  }
  return { ids, skipped };
}

function refusal(problems: readonly Message[]): UsageError {
  const more = problems.length - maxShown;
  return new UsageError(['--from: nothing was replayed.', ...problems.slice(0, maxShown).map(english.textOf), ...(more > 0 ? [`And ${more} more.`] : [])].join('\n'));
}

/** Between two looks, in milliseconds: the first outcomes are seen soon, and hours cost nothing. */
const firstLookMs = 200;
const longestLookMs = 2000;

/** Waits until each of the jobs, a thousand at most, has succeeded, died or been cancelled. On a terminal it shows how far they are. */
async function waitForReplay(client: DaemonClient, ids: readonly string[], terminal: Terminal, isShown: boolean): Promise<ReplayTally> {
  let shown = '';
  for (let waitMs = firstLookMs; ; waitMs = Math.min(longestLookMs, waitMs * 1.5)) {
    const tally = await client.call('dead/tally', { ids: [...ids] });
    const text = renderTally(tally, terminal.errorView);
    if (isShown && terminal.io.stderr.isTTY === true && text !== shown) terminal.err(text);
    shown = text;
    if (tally.active + tally.retrying + tally.waiting === 0) return tally;
    await delay(waitMs);
  }
}
