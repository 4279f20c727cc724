import type { Diagnostic } from '../diagnostic.ts';
import { parseDocument, type Document } from '../document.ts';
import type { ProjectConfig } from '../model.ts';
import { isName, isReadable } from '../name.ts';
import { openFile } from './file-analysis.ts';
import { describe, placeOf, type MapReader } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { warnNotSupported } from './queue-analysis.ts';
import { quoted } from './report.ts';
import { message } from '../../wording/message.ts';

/** What holds without a `.sluice/config.yaml`. */
export const defaultConfig: ProjectConfig = {
  durability: 'full',
  keepRunsMs: 30 * 86_400_000,
  graceMs: 20_000,
  env: [],
};

export interface ConfigAnalysis {
  /** Undefined where there is an error. */
  readonly value: ProjectConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly document: Document;
}

const keys = ['durability', 'retention', 'grace', 'env', 'allowed-addresses', 'store', 'webhook-listener'];

/** Reads `.sluice/config.yaml`. An empty file, or one with comments only, leaves every default. */
export function analyseConfig(text: string): ConfigAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys }, { mayBeEmpty: true });
  if (root === undefined) return { value: report.errorCount > 0 ? undefined : defaultConfig, diagnostics: report.conclude(document.root), document };

  const durability = root.choice('durability', ['full', 'normal']) ?? defaultConfig.durability;
  const retention = root.map('retention', { what: "'retention'", keys: ['runs'] });
  const keepRunsMs = (retention && readDuration(retention, 'runs', 1)) ?? defaultConfig.keepRunsMs;
  const graceMs = readDuration(root, 'grace') ?? defaultConfig.graceMs;
  const env = readNames(root, 'env', 'names of environment variables', (name) => isName(name) && isReadable(name, 'field'), 'no name of an environment variable that expressions could read');
  const allowedAddresses = readNames(root, 'allowed-addresses', 'host names, addresses and address blocks', (name) => /^[A-Za-z0-9*.:[\]_-]+(\/\d{1,3})?$/.test(name), 'neither a host name (api.example.com), an address (10.0.0.7) nor a block of them (10.0.0.0/8)');
  warnNotSupported(root, 'store', message('The embedded store is used.'));
  warnNotSupported(root, 'webhook-listener', message('Nothing listens.'));

  const diagnostics = report.conclude(document.root);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { value: undefined, diagnostics, document };
  const value: ProjectConfig = { durability, keepRunsMs, graceMs, env, ...(root.has('allowed-addresses') ? { allowedAddresses } : {}) };
  return { value, diagnostics, document };
}

function readNames(root: MapReader, key: string, what: string, isRight: (name: string) => boolean, otherwise: string): readonly string[] {
  const names: string[] = [];
  for (const item of root.list(key, what)) {
    const name = item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
    const range = placeOf(item, root.place(key));
    if (name === undefined) root.report.error('wrong-type', range, message('{key} is a list of {what}; {given} is none.', { key: quoted(key), what, given: describe(item) }));
    else if (!isRight(name)) root.report.error('bad-value', range, message('{name} is {otherwise}.', { name: quoted(name), otherwise }));
    else names.push(name);
  }
  return names;
}
