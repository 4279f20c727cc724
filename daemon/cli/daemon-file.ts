import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { stateFolderOf } from '../project-folder.ts';

export interface DaemonFile {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
  readonly version: string;
}

/** What the running daemon has written into `daemon.json`; undefined where there is none or it makes no sense. */
export async function readDaemonFile(projectFolder: string): Promise<DaemonFile | undefined> {
  const text = await readFile(path.join(stateFolderOf(projectFolder), 'daemon.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { pid, port, token, version } = value;
  if (!isIntegerIn(pid, 1, 2 ** 31) || !isIntegerIn(port, 1, 65_535)) return undefined;
  return typeof token === 'string' && typeof version === 'string' ? { pid, port, token, version } : undefined;
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
