import path from 'node:path';
import { parseArgs } from 'node:util';
import { Daemon, ProjectLockedError } from './daemon.ts';

/** The daemon's program: `node main.ts --project DIR`. People start it by `sluice up`. */
const exitLocked = 4;

const { values } = parseArgs({ options: { project: { type: 'string' }, foreground: { type: 'boolean', default: false } } });
if (values.project === undefined) {
  process.stderr.write('usage: daemon --project DIR [--foreground]\n');
  process.exit(2);
}

const daemon = new Daemon({ projectFolder: path.resolve(values.project), env: process.env, toTerminal: values.foreground });

// The second signal of a person who won't wait ends it at once; what is in flight is then closed as after a crash.
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signals++;
    if (signals > 1) process.exit(1);
    void daemon.stop();
  });
}

try {
  await daemon.start();
  await daemon.stopped;
} catch (error) {
  process.stderr.write(`sluice: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ProjectLockedError ? exitLocked : 1;
}
