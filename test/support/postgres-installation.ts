import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, chownSync, constants, globSync, lstatSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const oldestMajor = 13;
/** To be changed with what a data folder is made of, so that those that were kept are not used any longer. */
const recipe = 1;

/** The programs of a Postgres server. */
export interface PostgresInstallation {
  /** Absolute. */
  readonly bin: string;
  /** `15.18` */
  readonly version: string;
}

/** Who runs the server: Postgres refuses to be run by root. Undefined: whoever runs the tests. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** For a person: why tests are skipped. */
export const noPostgres =
  `the tests on Postgres need a server's programs, version ${oldestMajor} or newer; install them (apt-get install postgresql, brew install postgresql), or name their folder in the variable POSTGRES_BIN`;

let found: { readonly installation: PostgresInstallation | undefined } | undefined;

/** The newest that this machine has, or the one that `POSTGRES_BIN` names. */
export function findPostgres(): PostgresInstallation | undefined {
  found ??= { installation: lookForPostgres() };
  return found.installation;
}

function lookForPostgres(): PostgresInstallation | undefined {
  // Data folders are handed to another user, and processes stopped by signals.
  if (process.platform === 'win32') return undefined;
  const named = process.env['POSTGRES_BIN'];
  const folders = named === undefined || named === '' ? usualFolders() : [named];
  return folders
    .map(installationIn)
    .filter((one) => one !== undefined)
    .sort((one, other) => Number.parseFloat(other.version) - Number.parseFloat(one.version))[0];
}

function usualFolders(): readonly string[] {
  return [
    ...globSync(['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', '/opt/homebrew/opt/postgresql@*/bin', '/usr/local/opt/postgresql@*/bin', '/Applications/Postgres.app/Contents/Versions/*/bin']),
    ...(process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder)),
  ];
}

function installationIn(bin: string): PostgresInstallation | undefined {
  try {
    for (const program of ['postgres', 'initdb']) accessSync(path.join(bin, program), constants.X_OK);
    const version = /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(execFileSync(path.join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }))?.[1];
    return version === undefined || Number.parseInt(version, 10) < oldestMajor ? undefined : { bin, version };
  } catch {
    return undefined;
  }
}

export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string): number => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** A folder of the server's user, in the system's folder for temporary files. */
export async function makeServerFolder(user: ServerUser | undefined): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-postgres-'));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/**
 * Fills a folder with `data`, a data folder of a server that has been initialised, and `password`, that of its superuser `postgres`. What the first
 * call makes is kept, for this version, in one file: half of a folder could have been cleared away, and a file is there or not.
 */
export async function fillServerFolder(folder: string, { bin, version }: PostgresInstallation, user: ServerUser | undefined): Promise<void> {
  const kept = path.join(tmpdir(), `sluice-postgres-${version}-${recipe}-${process.getuid?.() ?? 0}.tar`);
  if (isOurs(kept)) {
    await run('tar', ['-xpf', kept, '-C', folder]);
    return;
  }
  const password = path.join(folder, 'password');
  await writeFile(password, randomBytes(12).toString('hex'), { mode: 0o600 });
  if (user !== undefined) chownSync(password, user.uid, user.gid);
  const options = ['--pgdata', path.join(folder, 'data'), '--username=postgres', `--pwfile=${password}`, '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync'];
  await run(path.join(bin, 'initdb'), options, { cwd: folder, ...user });
  const draft = `${kept}.${randomBytes(6).toString('hex')}`;
  try {
    await run('tar', ['-cf', draft, '-C', folder, 'data', 'password']);
    await chmod(draft, 0o600);
    await rename(draft, kept);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Fills a folder with what another one has whose server doesn't run. `standby`: its server is one that only reads. */
export async function copyServerFolder(from: string, to: string, { standby }: { readonly standby: boolean }): Promise<void> {
  await run('cp', ['-Rp', path.join(from, 'data'), path.join(from, 'password'), to]);
  // What it says doesn't matter, but whose it is.
  if (standby) await run('cp', ['-p', path.join(from, 'password'), path.join(to, 'data', 'standby.signal')]);
}

/** Anybody may write into the folder for temporary files. */
function isOurs(file: string): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0;
}

/** The processes that a process has started and that live. */
export function childrenOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number)).flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}
