import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A project in a temporary folder, which is gone when `work` has ended. `files`: texts by their paths below `.sluice/`. */
export async function withProject<Value>(files: Readonly<Record<string, string>>, work: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-bench-')));
  try {
    await mkdir(path.join(folder, '.sluice', 'state'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, '.sluice', name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
