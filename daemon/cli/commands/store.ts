import { existsSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { Argument, type Command } from 'commander';
import { CodedError } from '../../../schemas/protocol/error.ts';
import type { ProjectConfig } from '../../../schemas/workflow/model.ts';
import { Project } from '../../project/project.ts';
import { SecretSource } from '../../secrets/secret-source.ts';
import { makeStateFolder, stateFolderOf } from '../../state/state-folder.ts';
import { machineId } from '../../state/state-mark.ts';
import { daemonName, storePlaceOf, storeVariable, type StorePlace } from '../../store/store-place.ts';
import type { CopyProgress, StoreCopyResult } from '../../store/copy/store-copy.ts';
import { type AddCommand, type CommandContext, type CommandRuntime, examples } from '../command-context.ts';
import { exitCodes } from '../exit-code.ts';
import { formatCount, say } from '../render/format.ts';
import type { Terminal } from '../terminal.ts';
import { withoutDaemon } from '../without-daemon.ts';
import { timeStamp } from './state.ts';

/** `sluice store`: where the jobs of a project are kept. Without a daemon. */
export const addStore: AddCommand = (program, runtime) => {
  const store = program
    .command('store')
    .description('copy the jobs of a project from the embedded store to Postgres, or back, while no daemon runs')
    .addHelpText('after', examples(['sluice store copy postgres', "to the database that 'store' of config.yaml names"], ['sluice store copy embedded', 'and back into .sluice/state/']));
  addCopy(store, runtime);
  addReopen(store, runtime);
};

type Side = 'embedded' | 'postgres';

interface StoreCopyView extends StoreCopyResult {
  readonly from: string;
  readonly to: string;
  /** Where the files of an embedded store are that was in the way; undefined if none was. */
  readonly movedTo?: string;
  readonly next: string;
}

function addCopy(store: Command, runtime: CommandRuntime): void {
  store
    .command('copy')
    .addArgument(new Argument('<to>', 'where the jobs are to be from now on').choices(['postgres', 'embedded']))
    .description('copy everything: runs, jobs, payloads, results, limits, schedules, deliveries; the store that it came from is kept, and no longer used')
    .option('--replace', 'even if there is something in the store that it goes to: that is lost to it')
    .addHelpText(
      'after',
      examples(
        ['sluice down && sluice store copy postgres', "from the embedded store to the one that 'store' of config.yaml names"],
        ['SLUICE_STORE=postgres://... sluice store copy postgres', 'to a database that no file names yet'],
        ['sluice store copy embedded', 'back into .sluice/state/ of this machine'],
      ),
    )
    .action(
      runtime.action(async (context, to: Side, { replace = false }: { readonly replace?: boolean }) => {
        const view = await copy(context, to, replace);
        context.show(view, () => renderCopy(view));
        return exitCodes.done;
      }),
    );
}

function addReopen(store: Command, runtime: CommandRuntime): void {
  store
    .command('reopen')
    .description('use a store again whose jobs were moved to another one that is lost: what was done since the move is done again')
    .addHelpText('after', examples(['sluice store reopen', "the store that 'store' of config.yaml names, or the embedded one if it names none"]))
    .action(
      runtime.action(async (context) => {
        const folder = await context.project();
        const project = await readProject(folder, context.terminal.io.env);
        const place = placeOf(project, context.terminal.io.env);
        const reopened = await withoutDaemon(folder, async () => {
          if (place.kind === 'embedded') return (await import('../../state/embedded-copy.ts')).reopenEmbedded(folder);
          return (await import('../../store/copy/postgres-end.ts')).reopenPostgres({ ...place, daemon: daemonName(folder, machineId()) });
        });
        context.show({ reopened }, () => (reopened ? 'The store is used again from now on; `sluice up` continues with what was in it when its jobs were moved.' : 'There is nothing to reopen: the jobs of this store were not moved elsewhere.'));
        return exitCodes.done;
      }),
    );
}

/** The project's files as the daemon reads them. */
export interface ReadProject {
  readonly project: Project;
  readonly secrets: SecretSource;
}

export async function readProject(folder: string, env: NodeJS.ProcessEnv): Promise<ReadProject> {
  const secrets = new SecretSource({ projectFolder: folder, env });
  const project = new Project({ folder, secrets, env });
  await project.refresh();
  project.assertValidConfig();
  return { project, secrets };
}

export function placeOf({ project, secrets }: ReadProject, env: NodeJS.ProcessEnv): StorePlace {
  return storePlaceOf({ settings: project.config.store, env, secret: (name) => secrets.get(name) });
}

async function copy(context: CommandContext, to: Side, replace: boolean): Promise<StoreCopyView> {
  const folder = await context.project();
  const { env } = context.terminal.io;
  const read = await readProject(folder, env);
  const place = placeOf(read, env);
  if (place.kind === 'embedded') throw new CodedError('bad-project', `Where is Postgres? Say it as 'store' in .sluice/config.yaml, such as store: { postgres: "\${{ secrets.STORE_URL }}", schema: shop }, or in the variable ${storeVariable}.`);
  const [{ copyStore }, { PostgresEnd }, { embeddedSource, embeddedTarget }] = await Promise.all([import('../../store/copy/store-copy.ts'), import('../../store/copy/postgres-end.ts'), import('../../state/embedded-copy.ts')]);
  await makeStateFolder(folder);
  const bar = new CopyBar(context.terminal, !context.json);
  try {
    return await withoutDaemon(folder, async () => {
      const postgres = new PostgresEnd({ ...place, daemon: daemonName(folder, machineId()) });
      const aside = `${stateFolderOf(folder)}.${timeStamp(context.terminal.now())}`;
      const { queues, doubtful, env: visible } = read.project.settings();
      const embedded = to === 'postgres' ? await embeddedSource(folder, { queues, doubtful, env: visible }) : await embeddedTarget(folder, { aside, replace });
      const [source, target] = to === 'postgres' ? [embedded, postgres] : [postgres, embedded];
      const copied = await copyStore({ source, target, replace, now: () => context.terminal.now(), onProgress: (progress) => bar.show(progress) });
      return { from: source.name, to: target.name, ...copied, ...(existsSync(aside) ? { movedTo: aside } : {}), next: nextStep(to, read.project.config, env) };
    });
  } finally {
    bar.stop();
  }
}

function nextStep(to: Side, { store }: ProjectConfig, env: NodeJS.ProcessEnv): string {
  const isInVariable = env[storeVariable] !== undefined && env[storeVariable] !== '';
  if (to === 'postgres') {
    if (!isInVariable && store?.postgres !== undefined) return '`sluice up` continues with it, on each machine that has the files of the project.';
    return `Let the daemons find it: as 'store' in .sluice/config.yaml, or in the variable ${storeVariable} wherever one is started. Then \`sluice up\` continues with it.`;
  }
  return isInVariable ? `Take the variable ${storeVariable} away wherever the daemon is started. Then \`sluice up\` continues here, and on no other machine.` : "Take 'store' out of .sluice/config.yaml. Then `sluice up` continues here, and on no other machine.";
}

function renderCopy({ from, to, tables, shiftMs, isResumed, movedTo, next }: StoreCopyView): string {
  const rows = (name: string): number => tables.find((table) => table.name === name)?.rows ?? 0;
  const filled = tables.filter((table) => table.rows > 0);
  const nameWidth = Math.max(...filled.map(({ name }) => name.length), 0);
  const countWidth = Math.max(...filled.map((table) => String(table.rows).length), 0);
  return [
    isResumed
      ? `An earlier copy from ${from} to ${to} had copied everything; its last step is done now.`
      : say('Copied from {from} to {to}: {runs} and {jobs}. Everything was read again from there and compared.', { from, to, runs: formatCount(rows('runs'), 'run'), jobs: formatCount(rows('jobs'), 'job') }),
    ...filled.map(({ name, rows: count, checksum }) => `  ${name.padEnd(nameWidth)}  ${String(count).padStart(countWidth)}  ${checksum}`),
    ...(shiftMs === 0 ? [] : [say('The clocks of the two differ, so everything that waits was moved by {seconds} s.', { seconds: shiftMs / 1000 })]),
    ...(movedTo === undefined ? [] : [`The embedded store that was in its place is in ${movedTo} now.`]),
    `${capital(from)} is kept, and no daemon uses it. ${next}`,
  ].join('\n');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** On stderr and on a terminal only. */
class CopyBar {
  readonly #bar: SingleBar | undefined;

  constructor(terminal: Terminal, isWanted: boolean) {
    if (!isWanted || terminal.io.stderr.isTTY !== true) return;
    this.#bar = new SingleBar({ format: '{bar} {text}', barsize: 24, barCompleteChar: '█', barIncompleteChar: '░', hideCursor: true, stream: terminal.io.stderr });
    this.#bar.start(1, 0, { text: '' });
  }

  show({ phase, table, done, total }: CopyProgress): void {
    this.#bar?.setTotal(Math.max(1, total));
    this.#bar?.update(done, { text: say(phase === 'copy' ? 'copying {table}: {done} of {total} rows' : 'comparing {table}: {done} of {total} rows', { table, done, total }) });
  }

  stop(): void {
    this.#bar?.stop();
  }
}
