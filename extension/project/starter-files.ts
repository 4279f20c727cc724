import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isJsonObject } from '../../schemas/workflow/json.ts';

export interface ScaffoldFiles {
  /** Relative to the project, with forward slashes. */
  readonly created: readonly string[];
  /** Were there already, and were left alone. */
  readonly kept: readonly string[];
}

const limitMs = 20_000;
const run = promisify(execFile);

/**
 * Writes the files of a new project by `sluice init`, so that both make the same ones. `cli` is the path of the command's program.
 *
 * @throws Error with what the command says is in the way
 */
export async function writeStarterFiles(folder: string, cli: string, execPath: string = process.execPath): Promise<ScaffoldFiles> {
  const stdout = await output(execPath, ['--disable-warning=ExperimentalWarning', cli, 'init', '--project', folder, '--json'], {
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

async function output(...call: Parameters<typeof run>): Promise<string> {
  try {
    return String((await run(...call)).stdout);
  } catch (error) {
    throw new Error(messageIn(error instanceof Error && 'stderr' in error ? error.stderr : undefined) ?? (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

/** Of `{"error":{"message":...}}`, as the command writes it with `--json`. */
function messageIn(stderr: unknown): string | undefined {
  try {
    const answer: unknown = JSON.parse(String(stderr));
    const error = isJsonObject(answer) ? answer['error'] : undefined;
    return isJsonObject(error) && typeof error['message'] === 'string' ? error['message'] : undefined;
  } catch {
    return undefined;
  }
}

/** The id of a workflow that a person calls so: `Spring letter 2` becomes `spring_letter_2`; undefined if no letter is in it. */
export function workflowIdFrom(name: string): string | undefined {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60);
  if (!/[a-z]/.test(words)) return undefined;
  return /^\d/.test(words) ? `_${words}` : words;
}
