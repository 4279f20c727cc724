import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isJsonObject } from '../../schemas/workflow/json.ts';

export interface StarterFiles {
  /** Relative to the project, with forward slashes. */
  readonly created: readonly string[];
  /** Were there already, and were left alone. */
  readonly kept: readonly string[];
}

const limitMs = 20_000;

/**
 * Writes the files of a new project by `sluice init`, so that both make the same ones. `cli` is the path of the command's program.
 *
 * @throws Error with what the command wrote
 */
export async function writeStarterFiles(folder: string, cli: string, execPath: string = process.execPath): Promise<StarterFiles> {
  const { stdout } = await promisify(execFile)(execPath, ['--disable-warning=ExperimentalWarning', cli, 'init', '--project', folder, '--json'], {
    cwd: folder,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    timeout: limitMs,
    windowsHide: true,
  });
  const answer: unknown = JSON.parse(stdout);
  const list = (name: string): string[] => {
    const value = isJsonObject(answer) ? answer[name] : undefined;
    return Array.isArray(value) ? value.filter((one: unknown) => typeof one === 'string') : [];
  };
  return { created: list('created'), kept: list('kept') };
}
