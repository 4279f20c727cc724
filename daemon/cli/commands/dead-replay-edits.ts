import { CodedError } from '../../../schemas/protocol/error.ts';
import { planLetterEdits, readLetterEdits, type LetterEdit } from '../../../schemas/protocol/letter-edits.ts';
import type { CommandContext } from '../command-context.ts';
import { messageOf } from '../client-fault-text.ts';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { formatCount, say } from '../render/format.ts';
import { renderEditsPlanned, renderEditsReplayed, type EditsReplayed } from '../render/jobs.ts';
import { UsageError } from '../usage-error.ts';

/** More problems than this aren't read. */
const maxShown = 20;

/** `sluice dead replay --from FILE`: everything is checked before anything is replayed. `value`: what the file holds. */
export async function replayEdits(context: CommandContext, value: unknown, { dryRun, yes }: { readonly dryRun: boolean; readonly yes: boolean }): Promise<ExitCode> {
  const { terminal } = context;
  const read = readLetterEdits(value);
  if (!read.ok) throw refusal(read.problems);
  const client = await context.connect();
  const { edited, unchanged, problems } = await planLetterEdits(client, read.edits);
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

/** What was checked is replayed; where somebody else was quicker with one, the others go on. */
async function replayEach(client: DaemonClient, edited: readonly LetterEdit[]): Promise<{ readonly ids: readonly string[]; readonly skipped: readonly string[] }> {
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

function refusal(problems: readonly string[]): UsageError {
  const more = problems.length - maxShown;
  return new UsageError(['--from: nothing was replayed.', ...problems.slice(0, maxShown), ...(more > 0 ? [`And ${more} more.`] : [])].join('\n'));
}
