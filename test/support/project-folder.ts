import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of a project for tests of actions that read and write its files. */
export class ProjectFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<ProjectFolder> {
    return new ProjectFolder(await mkdtemp(join(tmpdir(), 'sluice-')));
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.path, path)), { recursive: true });
    await writeFile(join(this.path, path), content);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.path, path), 'utf8');
  }

  /** All files, with forward slashes, sorted; without those of `.sluice`. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries.flatMap((entry) => {
      const path = join(entry.parentPath, entry.name).slice(this.path.length + 1).replaceAll('\\', '/');
      return entry.isDirectory() || path.startsWith('.sluice/') ? [] : [path];
    }).sort();
  }

  dispose(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}
