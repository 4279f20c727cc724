import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { lockedExitCode } from '../../schemas/protocol/daemon-flags.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { daemonArguments, launchEnvironment } from '../../client/daemon-launch.ts';
import { connectIfRunning } from '../../client/find-daemon.ts';
import { type CommandContext, daemonProgram } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';

const lookEveryMs = 50;

/**
 * Runs the daemon as a child, with its log on stderr, and ends as it ends. The daemon writes these lines itself rather than having them
 * read back from its log, so that none is lost when it crashes or the disk is full. `adopt`: with the state that is there, no matter who made it.
 * `onReady` gets what it says once it answers.
 */
export async function runInForeground(context: CommandContext, adopt: boolean, onReady: (status: DaemonStatus) => void): Promise<ExitCode> {
  const { io } = context.terminal;
  const project = await context.project();
  const child = spawn(process.execPath, [...daemonArguments(project, daemonProgram, adopt ? 'adopt' : 'asked'), '--foreground'], {
    cwd: project,
    env: await launchEnvironment(io.env),
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => io.stderr.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => io.stderr.write(chunk));

  // A terminal sends Ctrl-C to the whole group, the child too: a second one would read as "stop immediately".
  const atTerminal = io.stdin.isTTY === true || io.stdout.isTTY === true || io.stderr.isTTY === true;
  const stopListening = io.interrupts?.listen((signal) => {
    if (!atTerminal || signal === 'SIGTERM') child.kill(signal);
  });
  const ended = new AbortController();
  const ready = tellWhenReady(project, { pid: child.pid, signal: ended.signal, onReady });
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (signal !== null) context.notice(`The daemon was ended by ${signal} (${constants.signals[signal]}).`);
        resolve(exitCodeOfDaemon(code));
      });
    });
  } finally {
    ended.abort();
    stopListening?.();
    await ready;
  }
}

function exitCodeOfDaemon(code: number | null): ExitCode {
  if (code === 0) return exitCodes.done;
  return code === lockedExitCode ? exitCodes.failed : exitCodes.unreachable;
}

interface Readiness {
  readonly pid: number | undefined;
  readonly signal: AbortSignal;
  readonly onReady: (status: DaemonStatus) => void;
}

async function tellWhenReady(project: string, { pid, signal, onReady }: Readiness): Promise<void> {
  while (!signal.aborted) {
    const found = await connectIfRunning(project).catch(() => undefined);
    await found?.client.close();
    if (found?.status.pid === pid && found !== undefined) {
      onReady(found.status);
      return;
    }
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
