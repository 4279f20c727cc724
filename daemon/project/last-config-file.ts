import path from 'node:path';
import { readRegularFile } from '../../platform/regular-file.ts';
import { stateFolderOf } from '../state/state-folder.ts';
import { writeStateFile } from '../state/state-file.ts';

const name = 'config.last.yaml';
const maxBytes = 4 * 1024 * 1024;

/**
 * The text of `config.yaml` as a daemon last read it without errors; undefined if none has, or it can't be read. A daemon that starts while the
 * file is away (checking out another branch does that) would delete runs by the default retention, and call wherever it is told to.
 */
export async function readLastConfig(projectFolder: string): Promise<string | undefined> {
  const read = await readRegularFile(path.join(stateFolderOf(projectFolder), name), maxBytes);
  return read.ok ? read.content.toString('utf8') : undefined;
}

export async function writeLastConfig(projectFolder: string, text: string): Promise<void> {
  await writeStateFile(projectFolder, name, text);
}
