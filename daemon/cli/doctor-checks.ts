import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { readProxies } from '../actions/network-settings.ts';
import { secretFilePath } from '../secrets/secret-source.ts';
import { stateFolderOf } from '../state/state-folder.ts';
import { stateProblem } from '../state/state-mark.ts';
import type { CommandContext } from './command-context.ts';
import { ownVersion } from './command-context.ts';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { checkLock } from '../../client/lock-check.ts';
import { messageOf } from './client-fault-text.ts';
import { checkProject } from './project-check.ts';
import type { Check } from './render/checks.ts';
import { formatDuration } from '../../schemas/wording/amount.ts';
import { formatBytes, formatCount } from './render/format.ts';

const oldestNode: readonly [major: number, minor: number] = [22, 19];
const leastFreeBytes = 256 * 1024 * 1024;
const mostClockSkewMs = 5_000;

/** All checks in their order. One that can't be made because of an earlier failure is left out. */
export async function runChecks(context: CommandContext): Promise<readonly Check[]> {
  const checks: Check[] = [checkNode(process.versions.node)];
  let project: string;
  try {
    project = await context.project();
  } catch (error) {
    return [...checks, { name: 'project', ok: false, detail: messageOf(error) }];
  }
  checks.push({ name: 'project', ok: true, detail: project }, await checkFiles(project, context.terminal.io.env), ...(await checkPermissions(project)), await checkDisk(project), checkProxies(context.terminal.io.env));
  return [...checks, ...(await checkDaemon(context))];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return { name: 'node', ok, detail: ok ? `${version} at ${process.execPath}` : `${version} is too old: it takes ${oldestNode.join('.')} or newer.` };
}

async function checkFiles(project: string, env: NodeJS.ProcessEnv): Promise<Check> {
  const { files, diagnostics } = await checkProject(project, env);
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const detail = errors === 0 ? `${formatCount(files, 'file')} without errors` : `${formatCount(errors, 'error')} in ${formatCount(files, 'file')}: run \`sluice validate\`.`;
  return { name: 'files', ok: errors === 0, detail };
}

async function checkPermissions(project: string): Promise<readonly Check[]> {
  const state = stateFolderOf(project);
  const stats = await stat(state).catch(() => undefined);
  if (stats === undefined) return [{ name: 'state', ok: true, detail: 'not there yet; the first start of the daemon makes it' }];
  const problem = stateProblem(project);
  if (problem !== undefined) return [{ name: 'state', ok: false, detail: problem }];
  const isWritable = await access(state, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const checks: Check[] = [{ name: 'state', ok: isWritable, detail: isWritable ? state : `${state} can't be written by this user.` }];
  // Windows has no such bits; there the folder's access list protects what is in it.
  if (process.platform === 'win32') return checks;
  for (const [name, file] of [
    ['secrets', path.join(project, secretFilePath)],
    ['daemon.json', path.join(state, 'daemon.json')],
  ] as const) {
    const mode = (await stat(file).catch(() => undefined))?.mode;
    if (mode === undefined) continue;
    const isOpen = (mode & 0o077) !== 0;
    checks.push({ name, ok: !isOpen, detail: isOpen ? `${file} can be read by others: run \`chmod 600 ${file}\`.` : `${file} is readable by its owner alone` });
  }
  return checks;
}

/** The daemon has the environment of the command that starts it. */
function checkProxies(env: NodeJS.ProcessEnv): Check {
  try {
    const { http, https, except } = readProxies(env);
    if (https === undefined) return { name: 'proxy', ok: true, detail: 'none in this environment; calls go direct' };
    const detail = http === undefined ? `${https.host} for https:` : http.host === https.host ? http.host : `${http.host} for http:, ${https.host} for https:`;
    return { name: 'proxy', ok: true, detail: except === '' ? detail : `${detail}, but not for ${except}` };
  } catch (error) {
    return { name: 'proxy', ok: false, detail: messageOf(error) };
  }
}

async function checkDisk(project: string): Promise<Check> {
  const disk = await statfs(path.join(project, '.sluice')).catch(() => undefined);
  if (disk === undefined) return { name: 'disk', ok: true, detail: 'how much is free is not known here' };
  const freeBytes = disk.bavail * disk.bsize;
  const ok = freeBytes >= leastFreeBytes;
  return { name: 'disk', ok, detail: `${formatBytes(freeBytes)} free${ok ? '' : `; less than ${formatBytes(leastFreeBytes)} is too little for a store`}` };
}

/** That no daemon runs is not a failure: commands start it. That one runs and doesn't answer is. */
async function checkDaemon(context: CommandContext): Promise<readonly Check[]> {
  let client: DaemonClient | undefined;
  try {
    client = await context.connectIfRunning({ ignoreVersion: true });
    if (client === undefined) return [{ name: 'daemon', ok: true, detail: 'not running; commands that need it start it' }, await lockCheck(await context.project(), undefined)];
    const startedMs = context.terminal.now();
    const status = await client.call('daemon/status', {});
    const sameVersion = status.version === ownVersion;
    const version = sameVersion ? `version ${status.version}` : `version ${status.version}, but this command has ${ownVersion}: run \`sluice restart\`.`;
    return [
      { name: 'daemon', ok: sameVersion, detail: `pid ${status.pid} at ${status.endpoint}, ${version}` },
      await lockCheck(await context.project(), status.pid),
      checkClock(Date.parse(status.startedAt) + status.uptimeMs - startedMs),
      ...(await checkStore(client)),
    ];
  } catch (error) {
    return [{ name: 'daemon', ok: false, detail: messageOf(error) }];
  }
}

/** One daemon per project is as sure as this lock: who runs must have it, and nobody else may. */
async function lockCheck(project: string, running: number | undefined): Promise<Check> {
  const lock = await checkLock(project);
  const check = (ok: boolean, detail: string): Check => ({ name: 'lock', ok, detail });
  switch (lock.kind) {
    case 'unknown':
      return check(false, `the project's lock can't be looked at: ${lock.problem}`);
    case 'free':
      return running === undefined
        ? check(true, 'free')
        : check(false, `the daemon (pid ${running}) doesn't hold the project's lock, so that a second one could start: run \`sluice restart\`. Has .sluice/state/daemon.lock been deleted?`);
    case 'held': {
      if (running !== undefined && (lock.holder === undefined || lock.holder === running)) return check(true, 'held by the daemon');
      const who = lock.holder === undefined ? 'another process' : `pid ${lock.holder}`;
      const what = running === undefined ? 'which answers nobody: it is starting or stopping, or hangs' : 'which is not the daemon that answers';
      return check(false, `${who} has the project's lock, ${what}. \`sluice logs\` shows what it does.`);
    }
  }
}

/** A clock that was set while the daemon ran shows as a difference between its start plus its uptime and now. */
function checkClock(skewMs: number): Check {
  const ok = Math.abs(skewMs) <= mostClockSkewMs;
  return { name: 'clock', ok, detail: ok ? 'the daemon has the same time' : `the system's clock was moved by ${formatDuration(Math.abs(skewMs))} since the daemon started: run \`sluice restart\`.` };
}

async function checkStore(client: DaemonClient): Promise<readonly Check[]> {
  try {
    const { checks } = await client.call('store/check', {});
    return checks.map(({ name, ok, detail }) => ({ name: `store ${name}`, ok, detail }));
  } catch (error) {
    if (error instanceof CodedError && error.code === 'unknown-method') return [{ name: 'store', ok: true, detail: 'this daemon has no check of its store' }];
    return [{ name: 'store', ok: false, detail: messageOf(error) }];
  }
}
