import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isProcessAlive } from '../../platform/process-alive.ts';
import { childrenOf, type ServerUser } from './postgres-installation.ts';

const lookEveryMs = 2;

/** What the guard is asked. */
export type GuardRequest = { readonly start: readonly string[] } | { /** What the server's command line is appended to; it runs as whoever runs the tests then. */ readonly launcher: readonly string[] } | { readonly signal: NodeJS.Signals } | { readonly killAll: true };

/** What the guard tells. */
export type GuardNotice = { readonly started: number } | { /** Its exit code, its signal, or why there was no process. */ readonly ended: number | string };

/**
 * The parent of a Postgres server. It outlives the process that tests run in by a moment, however that ends: it stops the server, and deletes its
 * folder. Arguments: the server's program, its folder, and the user to run it as, as JSON.
 */
const [program = '', folder = '', user = ''] = process.argv.slice(2);
const { uid, gid } = JSON.parse(user) as Partial<ServerUser>;
let server: ChildProcess | undefined;
let launcher: readonly string[] = [];
let isAbandoned = false;
/** Processes of the server that were killed with it, and may not be gone yet. */
let orphans: readonly number[] = [];

process.on('message', (request: GuardRequest) => {
  if ('start' in request) start(request.start);
  else if ('launcher' in request) ({ launcher } = request);
  else if ('signal' in request) server?.kill(request.signal);
  else killAll();
});
process.once('disconnect', () => {
  isAbandoned = true;
  if (server === undefined) leave();
  // An immediate shutdown: it gives back what it has of the system.
  else server.kill('SIGQUIT');
});

function start(args: readonly string[]): void {
  const log = openSync(path.join(folder, 'log'), 'a');
  const [first = program, ...more] = [...launcher, program, ...args];
  const started = spawn(first, more, { cwd: folder, stdio: ['ignore', log, log], ...(uid === undefined || launcher.length > 0 ? {} : { uid, gid }) });
  closeSync(log);
  server = started;
  started.once('error', (error) => ended(error.message));
  started.once('exit', (code, signal) => ended(code ?? signal ?? 'no exit code'));
  if (started.pid !== undefined) tell({ started: started.pid });
}

/** No process of the server can do a thing after this, as after a power cut. */
function killAll(): void {
  const pid = server?.pid;
  if (pid === undefined) return;
  // It could start others, and its dead children keep their numbers while it doesn't look after them.
  process.kill(pid, 'SIGSTOP');
  orphans = childrenOf(pid);
  for (const child of orphans) process.kill(child, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
}

function ended(how: number | string): void {
  orphans = orphans.filter(isProcessAlive);
  if (orphans.length > 0) {
    setTimeout(ended, lookEveryMs, how);
    return;
  }
  server = undefined;
  if (isAbandoned) leave();
  else tell({ ended: how });
}

function tell(notice: GuardNotice): void {
  if (process.connected) process.send?.(notice);
}

function leave(): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}
