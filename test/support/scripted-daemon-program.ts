import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ScriptedDaemon } from './scripted-daemon.ts';

/**
 * A daemon in a process of its own, as far as starting and stopping go: `--project DIR`, one per project by a lock, told to
 * stop by `daemon/stop`. `.sluice/state/behaviour` may hold `fail`: it then ends immediately, with words on stderr.
 */
const project = process.argv[process.argv.indexOf('--project') + 1] ?? '';
const state = path.join(project, '.sluice', 'state');
const lock = path.join(state, 'scripted-lock');
const behaviour = await readFile(path.join(state, 'behaviour'), 'utf8').catch(() => '');

if (behaviour === 'fail') {
  console.error('the store is of a newer version\nremedy: update Sluice');
  process.exit(1);
}
try {
  await writeFile(lock, String(process.pid), { flag: 'wx' });
} catch {
  console.error('another daemon has the lock');
  process.exit(4);
}
const daemon: ScriptedDaemon = await ScriptedDaemon.start(project, {
  'queue/list': () => ({ queues: [] }),
  'daemon/stop': () => {
    setImmediate(() => void stop());
    return {};
  },
});

async function stop(): Promise<void> {
  await rm(lock, { force: true });
  await daemon.stop();
}
