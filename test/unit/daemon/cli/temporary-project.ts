import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of its own for each test, with a `.sluice/` in it; `remove` takes all of it away. */
export class TemporaryProject {
  readonly folder: string;

  static async make(): Promise<TemporaryProject> {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-cli-')));
    await mkdir(path.join(folder, '.sluice', 'state'), { recursive: true });
    return new TemporaryProject(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get state(): string {
    return path.join(this.folder, '.sluice', 'state');
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
