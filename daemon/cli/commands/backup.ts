import { existsSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { newFileOf } from '../../state/new-file.ts';
import { stateFolderOf } from '../../state/state-folder.ts';
import type { BackupContent } from '../../store/sqlite/store-backup.ts';
import { type AddCommand, type CommandContext, examples } from '../command-context.ts';
import { exitCodes } from '../exit-code.ts';
import { formatBytes, formatCount, formatTime, say } from '../render/format.ts';
import { wrap } from '../render/text-width.ts';
import { reportState, waitingJobs } from '../state-report.ts';
import type { View } from '../terminal.ts';
import { withoutDaemon } from '../without-daemon.ts';
import { timeStamp } from './state.ts';
import { placeOf, readProject, type ReadProject } from './store.ts';

export const addBackup: AddCommand = (program, runtime) => {
  program
    .command('backup')
    .argument('<file>', 'a new file')
    .description('copy everything in the store into a file, also while the daemon works; secrets and workflow files are not in it')
    .addHelpText('after', examples(['sluice backup /var/backups/shop.db', 'consistent, checked, and one file'], ['sluice backup "shop-$(date +%F).db"', 'from cron, one a day']))
    .action(
      runtime.action(async (context, given: string) => {
        const file = path.resolve(context.terminal.io.cwd, given);
        const { bytes } = await backUp(context, file);
        const { checkBackup } = await import('../../store/sqlite/store-backup.ts');
        const content = checkBackup(file);
        context.show({ file, bytes, ...contentView(content) }, () =>
          say('{file} has everything that was in the store: {content}, {size}. It was read again and is whole. Keep secrets.env and the workflow files too, which are not in it.', { file, content: contentText(content), size: formatBytes(bytes) }),
        );
        return exitCodes.done;
      }),
    );
};

export const addRestore: AddCommand = (program, runtime) => {
  program
    .command('restore')
    .argument('<file>', 'what `sluice backup` has written')
    .description('make the store what it was when a backup was made; the store that is there now is moved to .sluice/state.TIME')
    .option('--no-pause', "don't pause the queues: what waits in the backup is sent as soon as a daemon runs")
    .option('-y, --yes', "don't ask")
    .addHelpText('after', examples(['sluice down && sluice restore /var/backups/shop.db', 'then look at what waits, and `sluice resume QUEUE`']))
    .action(
      runtime.action(async (context, given: string, { pause, yes = false }: { readonly pause: boolean; readonly yes?: boolean }) => {
        const folder = await context.project();
        const { terminal } = context;
        await refusePostgres(folder, terminal.io.env);
        const aside = `${stateFolderOf(folder)}.${timeStamp(terminal.now())}`;
        const confirm = async (found: BackupContent): Promise<boolean> => {
          if (yes) return true;
          const what = meaning(found, { waitingNow: waitingJobs(reportState(folder)), pause, view: terminal.errorView });
          if (context.json || !terminal.canAsk) throw new CodedError('wrong-state', `${what} \`sluice restore ${given} --yes\` does it.`);
          return terminal.confirm(`${wrap(what, terminal.errorView.width)}\nRestore it?`);
        };
        const { restoreBackup } = await import('../../state/store-restore.ts');
        const content = await withoutDaemon(folder, () => restoreBackup(folder, { file: path.resolve(terminal.io.cwd, given), aside, paused: pause, confirm }));
        if (content === undefined) {
          terminal.err('Nothing was changed.');
          return exitCodes.failed;
        }
        const movedTo = existsSync(aside) ? aside : undefined;
        context.show({ ...contentView(content), paused: pause, ...(movedTo === undefined ? {} : { movedTo }) }, (view) => wrap(restoredText(content, { pause, movedTo, view }), view.width));
        return exitCodes.done;
      }),
    );
};

/** By the daemon, where one runs; else by this command, while none can. */
async function backUp(context: CommandContext, file: string): Promise<{ readonly bytes: number }> {
  const client = await context.connectIfRunning();
  if (client !== undefined) return client.call('store/backup', { file });
  const folder = await context.project();
  const { env } = context.terminal.io;
  const { queues, doubtful, env: visible } = (await refusePostgres(folder, env)).project.settings();
  const { backUpEmbedded } = await import('../../state/embedded-copy.ts');
  return withoutDaemon(folder, async () => {
    const to = await newFileOf(file, { projectFolder: folder });
    return { bytes: await backUpEmbedded(folder, { queues, doubtful, env: visible }, { to, now: context.terminal.now() }) };
  });
}

/** @throws CodedError `wrong-state` where the project has its jobs there */
async function refusePostgres(folder: string, env: NodeJS.ProcessEnv): Promise<ReadProject> {
  const read = await readProject(folder, env);
  if (placeOf(read, env).kind === 'postgres') throw new CodedError('wrong-state', 'This project has its jobs on Postgres: back them up and restore them with its own tools, such as `pg_dump` and `pg_restore`.');
  return read;
}

/** The shape of a backup in `--json`. */
function contentView({ madeAt, version, runs, jobs }: BackupContent): object {
  return { ...(madeAt === undefined ? {} : { madeAt: new Date(madeAt).toISOString() }), version, runs, jobs };
}

function contentText({ runs, jobs }: BackupContent): string {
  const count = Object.values(jobs).reduce((sum, one) => sum + one, 0);
  return say('{runs}, {jobs}, of which {waiting} and {dead}', {
    runs: formatCount(runs, 'run'),
    jobs: formatCount(count, 'job'),
    waiting: say('{count, plural, one {# waits} other {# wait}}', { count: waitingJobs({ jobs }) }),
    dead: formatCount(jobs['dead'] ?? 0, 'dead letter'),
  });
}

/** What restoring it does, for whoever is asked. */
function meaning(content: BackupContent, { waitingNow, pause, view }: { readonly waitingNow: number; readonly pause: boolean; readonly view: View }): string {
  const since = content.madeAt === undefined ? 'since it was made' : `since ${formatTime(new Date(content.madeAt).toISOString(), view)}`;
  const forgotten = `The backup has ${contentText(content)}. Everything ${since} is forgotten: jobs that were sent since then are sent again, with the same keys.`;
  const moved = waitingNow === 0 ? '' : ` ${say('{count, plural, one {# job waits in the store that is there now: it goes away with it.} other {# jobs wait in the store that is there now: they go away with it.}}', { count: waitingNow })}`;
  return `${forgotten}${moved}${pause ? ' All queues are paused at first.' : ' They are sent as soon as a daemon runs.'}`;
}

function restoredText(content: BackupContent, { pause, movedTo, view }: { readonly pause: boolean; readonly movedTo: string | undefined; readonly view: View }): string {
  const madeAt = content.madeAt === undefined ? '' : ` of ${formatTime(new Date(content.madeAt).toISOString(), view)}`;
  const old = movedTo === undefined ? '' : ` The store that was here is in ${movedTo}.`;
  const next = pause ? 'All queues are paused: `sluice jobs` shows what waits, `sluice resume QUEUE` lets it go.' : '`sluice up` continues with what waits.';
  return `The backup${madeAt} is the store now: ${contentText(content)}.${old} ${next}`;
}
