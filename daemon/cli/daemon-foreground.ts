import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { CommandContext } from './command-context.ts';
import { daemonArguments, daemonEnvironment } from './daemon-launch.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { LogFile } from './log-file.ts';
import { parseLogLine, renderLogLine } from './render/log-line.ts';

/** Runs the daemon as a child, with its log on stdout, and ends as it ends. */
export async function runInForeground(context: CommandContext): Promise<ExitCode> {
  const { terminal, json } = context;
  const { io } = terminal;
  const project = await context.project();
  const log = new LogFile(project);
  const stopFollowing = log.follow((line) => terminal.out(json ? JSON.stringify(parseLogLine(line)) : renderLogLine(line, terminal.view)));

  const child = spawn(process.execPath, daemonArguments(project), {
    cwd: project,
    env: daemonEnvironment(io.env),
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => io.stderr.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => io.stderr.write(chunk));

  // A terminal sends Ctrl-C to the whole group, the child too: a second one would read as "stop at once".
  const atTerminal = io.stdin.isTTY === true || io.stdout.isTTY === true || io.stderr.isTTY === true;
  const stopListening = io.interrupts?.listen((signal) => {
    if (!atTerminal || signal === 'SIGTERM') child.kill(signal);
  });
  try {
    return await new Promise<ExitCode>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (signal !== null) terminal.err(`The daemon was ended by ${signal} (${constants.signals[signal]}).`);
        resolve(code === 0 ? exitCodes.done : exitCodes.unreachable);
      });
    });
  } finally {
    stopListening?.();
    stopFollowing();
  }
}
