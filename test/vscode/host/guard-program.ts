/**
 * Runs a VS Code server, and leaves nothing behind when it is over: `node guard-program.ts FOLDERS PROGRAM ARGUMENT...`.
 *
 * It is over when standard input ends, which it does whatever becomes of the tests, `kill -9` included. Then the server is ended with all that it
 * has started, every daemon whose project lies in FOLDERS (JSON) too, and FOLDERS are removed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { removeWithProcesses } from './leftovers.ts';

/** How long the extension host may take to say good-bye to its daemons. */
const graceMs = 5_000;

const [folders = '', program = '', ...args] = process.argv.slice(2);
if (folders === '' || program === '') throw new Error('usage: guard-program.ts FOLDERS PROGRAM ARGUMENT...');

// Detached: a group of its own, which its extension hosts, file watchers and terminals are in as well.
const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
const { pid } = server;
const ended = once(server, 'exit');
process.stdin.resume();
await Promise.race([once(process.stdin, 'close'), ended]);

signalGroup('SIGTERM');
const timer = setTimeout(() => signalGroup('SIGKILL'), graceMs);
await ended;
clearTimeout(timer);
signalGroup('SIGKILL');
for (const folder of JSON.parse(folders) as readonly string[]) await removeWithProcesses(folder);
process.exit(0);

function signalGroup(name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has ended by itself.
  }
}
