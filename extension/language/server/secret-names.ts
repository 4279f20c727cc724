import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';

const variablePrefix = 'SLUICE_SECRET_';

/** The names of the secrets that are set for a project, as the daemon would find them. Their values are dropped at once. */
export async function readSecretNames(projectFolder: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const file = await readFile(path.join(projectFolder, '.sluice', 'state', 'secrets.env'), 'utf8').catch(() => '');
  const variables = Object.entries(env).filter(([name]) => name.startsWith(variablePrefix)).map(([name, value]) => [name.slice(variablePrefix.length), value] as const);
  return [...new Set([...variables, ...Object.entries(parseEnv(file))].flatMap(([name, value]) => (value === undefined || value === '' ? [] : [name])))].sort();
}
