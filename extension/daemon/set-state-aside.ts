import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { daemonEnvironment } from '../../client/daemon-launch.ts';

const limitMs = 30_000;

/** Moves the state that lies in the folder aside, as `sluice state set-aside` does. `cli`: the path of the command's program. @throws Error with what the command said */
export async function setStateAside(projectFolder: string, cli: string): Promise<void> {
  await promisify(execFile)(process.execPath, [cli, '--project', projectFolder, 'state', 'set-aside'], { env: daemonEnvironment(process.env), timeout: limitMs });
}
