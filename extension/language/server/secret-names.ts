import path from 'node:path';
import { parseEnv } from 'node:util';
import { readRegularFile } from '../../../platform/regular-file.ts';

const variablePrefix = 'SLUICE_SECRET_';
/** As of the daemon. */
const maxFileBytes = 1_048_576;

/** The names of the secrets that are set for a project, as the daemon would find them. Their values are dropped at once. */
export async function readSecretNames(projectFolder: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const read = await readRegularFile(path.join(projectFolder, '.sluice', 'state', 'secrets.env'), maxFileBytes);
  const file = read.ok ? read.content.toString('utf8') : '';
  const variables = Object.entries(env).filter(([name]) => name.startsWith(variablePrefix)).map(([name, value]) => [name.slice(variablePrefix.length), value] as const);
  return [...new Set([...variables, ...Object.entries(parseEnv(file))].flatMap(([name, value]) => (value === undefined || value === '' ? [] : [name])))].sort();
}
