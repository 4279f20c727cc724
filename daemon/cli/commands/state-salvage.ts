import { CodedError } from '../../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../../schemas/protocol/id.ts';
import { doubtfulLogsOf, markState, refuseForeignState, stateOrigin } from '../../state/state-mark.ts';
import { setLogsAside } from '../../state/doubtful-logs.ts';
import { stateFolderOf, unsafeState } from '../../state/state-folder.ts';
import { salvageInto } from '../../state/store-salvage.ts';
import type { Salvaged } from '../../store/sqlite/salvage-store.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { formatCount, say } from '../render/format.ts';
import { timeStamp } from '../time-stamp.ts';
import { withoutDaemon } from '../without-daemon.ts';

const maxNamed = 20;

export const addStateSalvage: AddCommand = (state, runtime) => {
  state
    .command('salvage')
    .description('read what can be read of a damaged store into a new one, with all queues paused; the old files are moved to .sluice/state.TIME')
    .addHelpText('after', examples(['sluice state salvage', 'after a start that says that the store is damaged, and without a backup']))
    .action(
      runtime.action(async (context) => {
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const folder = stateFolderOf(project);
        const aside = `${folder}.${timeStamp(context.terminal.now())}`;
        const salvaged = await withoutDaemon(project, async () => {
          const origin = stateOrigin(project);
          if (origin.kind === 'foreign' && doubtfulLogsOf(project).length === 0) return refuseForeignState(project, origin);
          if (origin.kind === 'fresh') throw new CodedError('wrong-state', 'There is no store here yet.');
          const doubtful = doubtfulLogsOf(project);
          const done = salvageInto(folder, aside);
          // What it says of attempts is of another time.
          if (doubtful.includes('store.db-attempts')) setLogsAside(folder, ['store.db-attempts'], `${timeStamp(context.terminal.now())}.attempts`);
          await markState(project, { hasStore: true });
          return done;
        });
        context.show({ ...salvaged, doubtful: salvaged.doubtful.map(formatJobId), droppedRuns: salvaged.droppedRuns.map(formatRunId), movedTo: aside }, () => renderSalvaged(salvaged, aside));
        return exitCodes.done;
      }),
    );
};

function renderSalvaged({ runs, jobs, doubtful, lostJobs, droppedRuns, droppedJobs, damagedTables, hasNewKeys }: Salvaged, aside: string): string {
  const count = Object.values(jobs).reduce((sum, one) => sum + one, 0);
  const waiting = (jobs['pending'] ?? 0) + (jobs['delayed'] ?? 0) + (jobs['active'] ?? 0);
  const lines = [say('{waiting, plural, one {Saved: {runs} and {jobs}, of which # waits, and {dead}. The old files are in {aside}, as they were.} other {Saved: {runs} and {jobs}, of which # wait, and {dead}. The old files are in {aside}, as they were.}}', {
      waiting,
      runs: formatCount(runs, 'run'),
      jobs: formatCount(count, 'job'),
      dead: formatCount(jobs['dead'] ?? 0, 'dead letter'),
      aside,
    })];
  if (damagedTables.length > 0) lines.push(`Parts of these tables can't be read: ${damagedTables.join(', ')}.`);
  if (lostJobs > 0) {
    lines.push(
      say(
        `{count, plural, one {# job can't be read: it becomes a dead letter with the cause "lost by damage". Whether it was sent is not known.} other {# jobs can't be read: they become dead letters with the cause "lost by damage". Whether they were sent is not known.}}`,
        { count: lostJobs },
      ),
    );
  }
  if (droppedRuns.length > 0) {
    lines.push(
      say(
        "{count, plural, one {# run can't continue, as a part of it is lost, and is not in the new store, with {jobs}: {list}.} other {# runs can't continue, as a part of them is lost, and are not in the new store, with {jobs}: {list}.}}",
        { count: droppedRuns.length, jobs: formatCount(droppedJobs, 'job'), list: named(droppedRuns.map(formatRunId)) },
      ),
    );
  }
  if (doubtful.length > 0) {
    lines.push(
      say('{count, plural, one {# job was under way and may have been sent: {list}.} other {# jobs were under way and may have been sent: {list}.}}', { count: doubtful.length, list: named(doubtful.map(formatJobId)) }),
    );
  }
  if (hasNewKeys) lines.push("The store's name is lost, so all idempotency keys change: receivers can't tell a job that is sent again.");
  lines.push('All queues are paused, because a job that waits may have been sent after the last change that can be read. Look at them with `sluice jobs`, then let them go with `sluice resume QUEUE`.');
  return lines.join('\n');
}

function named(ids: readonly string[]): string {
  const more = ids.length - maxNamed;
  return `${ids.slice(0, maxNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
