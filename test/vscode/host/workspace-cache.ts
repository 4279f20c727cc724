import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface CachedWorkspace {
  /** The folder in which a VS Code server keeps what a window remembers. */
  readonly userData: string;
  /** A `.code-workspace` file. */
  readonly file: string;
  /** Of that file, as windows name it. */
  readonly uri: string;
}

/**
 * Makes VS Code's cached copy of a workspace file, as a window that had it open before would have left it.
 *
 * A window that starts reads the file and the cached copy at the same time. If both answers arrive together, the file's folders are announced before the
 * window has a workspace that could take them, and the folders of the cached copy stay: none, if there is no copy. Then the window never has a folder.
 * It happened in one of 20 to 40 starts without any extension installed, most often on a busy machine.
 */
export async function cacheWorkspace({ userData, file, uri }: CachedWorkspace): Promise<void> {
  const folder = path.join(userData, 'caches', 'CachedConfigurations', 'workspaces', workspaceId(uri));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'workspace.json'), JSON.stringify({ content: await readFile(file, 'utf8') }));
}

/** @throws Error if VS Code has named the workspace in another way: then it never read the copy, and the race is back */
export async function checkWorkspaceCache({ userData, uri }: CachedWorkspace): Promise<void> {
  const names = await readdir(path.join(userData, 'workspaceStorage'));
  if (!names.includes(workspaceId(uri))) throw new Error(`VS Code calls the workspace ${names.join(' or ')} and not ${workspaceId(uri)}: workspace-cache.ts has to follow`);
}

/** VS Code's own hash of a workspace's address; the storage of a workspace is named for it as well. */
function workspaceId(uri: string): string {
  const next = (before: number, value: number): number => ((before << 5) - before + value) | 0;
  let hash = next(0, 149_417);
  for (let index = 0; index < uri.length; index++) hash = next(hash, uri.charCodeAt(index));
  return hash.toString(16);
}
