import path from 'node:path';
import { existsSync, lstatSync, renameSync } from 'node:fs';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { formatCount, say } from '../render/format.ts';
import { renderStateReport } from '../render/status.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../../schemas/protocol/id.ts';
import { sluiceFolder } from '../../../schemas/protocol/state-folder.ts';
import { reportState, waitingJobs } from '../state-report.ts';
import { withoutDaemon } from '../without-daemon.ts';
import { confirmLogs, doubtfulLogsText, setLogsAside } from '../../state/doubtful-logs.ts';
import { stateFolderOf, unsafeState } from '../../state/state-folder.ts';
import { doubtfulLogsOf, markState, refuseForeignState, stateOrigin } from '../../state/state-mark.ts';
import { salvageInto } from '../../state/store-salvage.ts';
import type { Salvaged } from '../../store/sqlite/salvage-store.ts';

export const addState: AddCommand = (program, runtime) => {
  const state = program
    .command('state')
    .description('show what is in .sluice/state/, who made it and how many jobs wait in it, without starting anything')
    .addHelpText(
      'after',
      examples(
        ['sluice state', 'look, before anything is used'],
        ['sluice state adopt', 'after a copy, a restored backup, or a new home folder'],
        ['sluice state set-aside', 'after a clone that brought that of somebody else along'],
      ),
    )
    .action(
      runtime.action(async (context) => {
        const report = reportState(await context.project());
        context.show(report, (view) => renderStateReport(report, view));
        return exitCodes.done;
      }),
    );
  addStateAdopt(state, runtime);
  addStateSalvage(state, runtime);
  addStateSetAside(state, runtime);
};

const addStateAdopt: AddCommand = (state, runtime) => {
  state
    .command('adopt')
    .description('use the state in this folder from now on, whoever made it: the next start sends the jobs that wait in it')
    .option('--without-logs', 'store.db is a backup, and the logs beside it belong to another time: move them to .sluice/state.TIME')
    .option('--with-logs', 'store.db is the file that the logs beside it belong to')
    .addHelpText(
      'after',
      examples(
        ['sluice state adopt', 'and sluice up continues with what waits'],
        ['sluice state adopt --without-logs', 'after store.db was replaced with a backup'],
      ),
    )
    .action(
      runtime.action(async (context, { withoutLogs = false, withLogs = false }: { readonly withoutLogs?: boolean; readonly withLogs?: boolean }) => {
        if (withoutLogs && withLogs) throw new UsageError('--with-logs and --without-logs exclude each other.');
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const waiting = waitingJobs(reportState(project));
        const state = stateFolderOf(project);
        const { adopted, movedTo } = await withState(project, async () => {
          const logs = doubtfulLogsOf(project);
          if (logs.length > 0 && !withoutLogs && !withLogs) throw new CodedError('wrong-state', doubtfulLogsText(state, logs));
          if (logs.length === 0 && stateOrigin(project).kind !== 'foreign') return { adopted: false };
          if (withLogs) confirmLogs(state, logs);
          const aside = withoutLogs && logs.length > 0 ? setLogsAside(state, logs, timeStamp(context.terminal.now())) : undefined;
          await markState(project, { hasStore: true });
          return { adopted: true, ...(aside === undefined ? {} : { movedTo: aside }) };
        });
        context.show({ adopted, waiting, ...(movedTo === undefined ? {} : { movedTo }) }, () => (adopted ? adoptedText(waiting, movedTo) : 'There is nothing to adopt: the state here is yours already, or there is none yet.'));
        return exitCodes.done;
      }),
    );
};

function adoptedText(waiting: number, movedTo: string | undefined): string {
  const jobs = say('{waiting, plural, one {# job waits in it; `sluice up` continues it.} other {# jobs wait in it; `sluice up` continues them.}}', { waiting });
  const logs = movedTo === undefined ? '' : ` The logs are in ${movedTo}.`;
  return `This state is yours now. ${jobs} If it is a backup: what was done since it was made is forgotten, so jobs that were sent since then are sent again, with the same keys.${logs}`;
}

const addStateSetAside: AddCommand = (state, runtime) => {
  state
    .command('set-aside')
    .description('move the state in this folder to .sluice/state.TIME and start with an empty one; nothing is deleted')
    .addHelpText('after', examples(['sluice state set-aside', 'secrets.env is moved too: set the secrets again']))
    .action(
      runtime.action(async (context) => {
        const project = await context.project();
        const from = stateFolderOf(project);
        if (lstatSync(path.join(project, sluiceFolder)).isSymbolicLink()) throw new CodedError('foreign-state', `${path.join(project, sluiceFolder)} is a link: put a folder in its place.`);
        if (lstatSync(from, { throwIfNoEntry: false }) === undefined) throw new CodedError('wrong-state', 'There is no state here yet.');
        const to = `${from}.${timeStamp(context.terminal.now())}`;
        const move = (): void => renameSync(from, to);
        // Where even the lock can't be opened safely, no daemon of this user has it.
        if (unsafeState(project) === undefined) await withState(project, async () => move());
        else move();
        context.show({ movedTo: to }, () => `The state is in ${to} now. The next start begins without it.`);
        return exitCodes.done;
      }),
    );
};

const maxNamed = 20;

const addStateSalvage: AddCommand = (state, runtime) => {
  state
    .command('salvage')
    .description('recover what can be read from a damaged store into a new one, with all queues paused; the old files are moved to .sluice/state.TIME')
    .addHelpText('after', examples(['sluice state salvage', 'after a start that says that the store is damaged, and without a backup']))
    .action(
      runtime.action(async (context) => {
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const folder = stateFolderOf(project);
        const aside = `${folder}.${timeStamp(context.terminal.now())}`;
        const salvaged = await withState(project, async () => {
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

async function withState<Value>(projectFolder: string, work: () => Promise<Value>): Promise<Value> {
  if (!existsSync(stateFolderOf(projectFolder))) throw new CodedError('wrong-state', 'There is no state here yet.');
  return withoutDaemon(projectFolder, work);
}

/** A time as a part of a name, to the second: `20260105T090000Z`. */
export function timeStamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
