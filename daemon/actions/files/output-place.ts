import { lstat, mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { syncFolder } from '../../../platform/sync-folder.ts';
import { systemCodeOf } from '../../../schemas/protocol/error.ts';
import { message, type Message } from '../../../schemas/wording/message.ts';
import { outputPathProblem } from '../../../schemas/workflow/actions/output-path.ts';
import { onMachine } from '../project-file.ts';

/** Where a file that a workflow names is written. */
export interface OutputPlace {
  readonly ok: true;
  /** The folder, absolute, without links. */
  readonly folder: string;
  /** The file, absolute. */
  readonly file: string;
  /** The same from the project's folder, with forward slashes, as steps name it. */
  readonly path: string;
}

export type FoundPlace = OutputPlace | { readonly ok: false; readonly problem: Message };

/**
 * Where a file of that path is written; folders on the way are made. What `outputPathProblem` says of the path holds; besides, no link is followed, and nothing is written into
 * a project within this one, which may have a daemon of its own.
 *
 * @throws what looking at files and making folders throws; see `writeFailure`
 */
export async function outputPlace(projectFolder: string, path: string, machine?: string): Promise<FoundPlace> {
  const refused = (problem: string): FoundPlace => ({ ok: false, problem: message('{problem}.', { problem: `${JSON.stringify(path.slice(0, 200))} ${problem}${onMachine(machine)}` }) });
  const problem = outputPathProblem(path);
  if (problem !== undefined) return { ok: false, problem };
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const root = await realpath(projectFolder);
  let folder = root;
  for (const part of parts.slice(0, -1)) {
    folder = join(folder, part);
    const inTheWay = await makeFolder(folder);
    if (inTheWay !== undefined) return refused(inTheWay);
  }
  folder = await realpath(folder);
  const named = join(folder, basename(path));
  const there = await lstat(named).catch(missing);
  if (there !== undefined && !there.isFile()) return refused(there.isSymbolicLink() ? 'is a link, and nothing is written through links' : 'is there, and is not a file');
  // Where case makes no difference, a file has many names; on Windows short ones as well: `SLUICE~1`.
  const file = there === undefined ? named : await realpath(named);
  const real = relative(root, there === undefined ? folder : file);
  const realProblem = real === '' ? undefined : outputPathProblem(real.split(sep).join('/'));
  return realProblem === undefined ? { ok: true, folder, file, path: parts.join('/') } : { ok: false, problem: realProblem };
}

async function makeFolder(folder: string): Promise<string | undefined> {
  const there = await lstat(folder).catch(missing);
  if (there === undefined) {
    await mkdir(folder, { recursive: true });
    await syncFolder(dirname(folder));
    return undefined;
  }
  if (there.isSymbolicLink()) return 'leads through a link, and nothing is written through links';
  if (!there.isDirectory()) return 'leads through a file, which is no folder';
  return (await lstat(join(folder, '.sluice')).catch(missing)) === undefined ? undefined : 'belongs to another project, which is within this one';
}

function missing(error: unknown): undefined {
  if (systemCodeOf(error) !== 'ENOENT') throw error;
}
