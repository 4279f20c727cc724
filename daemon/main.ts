import path from 'node:path';
import { parseArgs } from 'node:util';
import { foreignExitCode, lockedExitCode, unknownExitCode } from '../schemas/protocol/daemon-flags.ts';
import { CodedError } from '../schemas/protocol/error.ts';
import { crashText, reportCrashes } from './crash-report.ts';
import { Daemon, UnknownFolderError } from './daemon.ts';
import { ProjectLockedError } from './state/project-lock.ts';

/** The daemon's program: `node main.ts --project DIR`. People start it by `sluice up`. */

const { values } = parseArgs({
  options: {
    project: { type: 'string' },
    foreground: { type: 'boolean', default: false },
    'known-only': { type: 'boolean', default: false },
    adopt: { type: 'boolean', default: false },
  },
});
if (values.project === undefined) {
  process.stderr.write('usage: daemon --project DIR [--foreground] [--known-only | --adopt]\n');
  process.exit(2);
}

/** What follows a signal sooner is the same one again: to the whole group, and passed on by a parent. */
const impatienceMs = 1000;

const daemon = new Daemon({
  projectFolder: path.resolve(values.project),
  env: process.env,
  toTerminal: values.foreground,
  ...(values.adopt ? { consent: 'adopt' } : values['known-only'] ? { consent: 'known-only' } : {}),
  onFatal: (error) => {
    process.stderr.write(`sluice: ${crashText(error.message, mask)}\n`);
    process.exit(1);
  },
});
reportCrashes(mask);

// A second signal, of a person who won't wait, ends it at once; what is in flight is then closed as after a crash.
let stoppingSince: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stoppingSince !== undefined && performance.now() - stoppingSince > impatienceMs) process.exit(1);
    stoppingSince ??= performance.now();
    void daemon.stop();
  });
}

try {
  await daemon.start();
  await daemon.stopped;
  // All is closed and written. Libraries may have timers left, which nobody needs to wait for.
  process.exit(daemon.hasLostState ? 1 : 0);
} catch (error) {
  process.stderr.write(`sluice: ${crashText(error instanceof Error ? error.message : error, mask)}\n`);
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ProjectLockedError) return lockedExitCode;
  if (error instanceof UnknownFolderError) return unknownExitCode;
  return error instanceof CodedError && error.code === 'foreign-state' ? foreignExitCode : 1;
}

function mask(text: string): string {
  return daemon.mask(text);
}
