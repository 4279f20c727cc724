import { parse, stringify } from 'yaml';
import { message, type Message } from '../../wording/message.ts';
import { actionDefinitions } from '../../workflow/actions/action-definitions.ts';
import type { ConnectionType } from '../../workflow/connections/connection.ts';
import { maySecretStand } from '../../workflow/analysis/action-input.ts';
import { type DocumentNode, type DocumentPath, entryOf, nodeAt, pathAt } from '../../workflow/document.ts';
import { isName, isReadable } from '../../workflow/name.ts';
import { recipes } from '../templates/recipes.ts';
import { changeHere, type Fix, type FixContext, type Fixer, type TextChange } from './fix.ts';
import { addEntry, addItem, addRootEntry, inQuotes, type NewEntry, replaceScalar } from './yaml-edit.ts';

/** A queue that is declared nowhere: here, or where all workflows can use it. */
export const undeclaredQueueFix: Fixer = (context) => {
  const queue = namedAt(context);
  if (queue === undefined) return [];
  const entry: NewEntry = { key: queue, value: '{ concurrency: 10, alerts: { dead-letters: { error: 1 } } }', block: ['concurrency: 10', 'alerts: { dead-letters: { error: 1 } }'] };
  const { path, text } = context.file;
  return [
    ...declaring(message("Declare the queue '{queue}' in this file", { queue }), path, addBelow(text, context.root, 'queues', entry, 'steps'), { preferred: hasKey(context.root, 'queues') }),
    ...declaredElsewhere(context, { title: (path) => message("Declare the queue '{queue}' in {path}", { queue, path }), kind: 'queues', entry }),
  ];
};

/** Of each type, one to begin with. */
const newConnections: Readonly<Record<ConnectionType, string>> = {
  smtp: '{ type: smtp, host: smtp.example.com, from: "Sender <sender@example.com>" }',
  http: '{ type: http, url: https://api.example.com }',
  postgres: '{ type: postgres, url: "${{ secrets.DB_URL }}" }',
  sqlite: '{ type: sqlite, file: data/app.db }',
};

export const undeclaredConnectionFix: Fixer = (context) => {
  const connection = namedAt(context);
  // One of another type is there already.
  if (connection === undefined || context.project.analysis.connections.has(connection)) return [];
  const uses = entryOf(nodeAt(context.root, pathAt(context.root, context.finding.range.start).slice(0, 2)), 'uses')?.value;
  const action = actionDefinitions.find(({ name }) => uses?.kind === 'scalar' && uses.value === name);
  const entry = entryOfRecipe(connection) ?? { key: connection, value: newConnections[action?.connection?.[0] ?? 'smtp'] };
  return declaredElsewhere(context, { title: (path) => message("Declare the connection '{connection}' in {path}", { connection, path }), kind: 'connections', entry });
};

/** A recipe knows what a connection of this name is. */
function entryOfRecipe(connection: string): NewEntry | undefined {
  const text = recipes.map((recipe) => recipe.connections).find((one) => one.startsWith(`connections:\n  ${connection}:\n`));
  if (text === undefined) return undefined;
  const { connections } = parse(text) as { readonly connections: Readonly<Record<string, unknown>> };
  const block = text.trimEnd().split('\n').slice(2).map((line) => line.slice(4));
  return { key: connection, value: stringify(connections[connection], { collectionStyle: 'flow', lineWidth: 0 }).trim(), block };
}

export const undeclaredInputFix: Fixer = (context) => {
  const input = namedAt(context);
  if (input === undefined) return [];
  const { path, text } = context.file;
  return declaring(message("Declare the input '{input}'", { input }), path, addBelow(text, context.root, 'inputs', { key: input, value: '{ type: string }' }, 'steps'), {});
};

/** A variable of the environment has to be allowed by `config.yaml`. */
export const unknownEnvironmentFix: Fixer = (context) => {
  const variable = namedAt(context);
  if (variable === undefined) return [];
  const { path, text, root } = settingsFile(context, 'config');
  const list = entryOf(root, 'env')?.value;
  const change = list === undefined ? addRootEntry(text, root, { key: 'env', value: `[${variable}]` }, '') : list.kind === 'list' ? addItem(text, list, variable) : undefined;
  return declaring(message("Allow the environment variable '{variable}' in {path}", { variable, path }), path, change, {});
};

function declaredElsewhere(context: FixContext, { title, kind, entry }: { readonly title: (path: string) => Message; readonly kind: 'queues' | 'connections'; readonly entry: NewEntry }): readonly Fix[] {
  const { path, text, root } = settingsFile(context, kind);
  return declaring(title(path), path, addBelow(text, root, kind, entry, ''), { preferred: !hasKey(context.root, kind) });
}

function declaring(title: Message, path: string, change: TextChange | undefined, marks: Pick<Fix, 'preferred'>): readonly Fix[] {
  return change === undefined ? [] : [{ title, changes: [{ path, changes: [change] }], isSafe: false, ...marks }];
}

/** Adds an entry to the map at a key of the root, which may not be there yet. */
function addBelow(text: string, root: DocumentNode | undefined, key: string, entry: NewEntry, before: string): TextChange | undefined {
  const holder = entryOf(root, key);
  if (holder !== undefined) return addEntry(text, holder, entry);
  const lines = entry.block === undefined ? [`${entry.key}: ${entry.value}`] : [`${entry.key}:`, ...entry.block.map((line) => `  ${line}`)];
  return addRootEntry(text, root, { key, value: `{ ${entry.key}: ${entry.value} }`, block: lines }, before);
}

/** The project's one file of that kind, or the one that could be made. */
function settingsFile({ project }: FixContext, kind: 'queues' | 'connections' | 'config'): { readonly path: string; readonly text: string; readonly root: DocumentNode | undefined } {
  const first = [...project.files.values()].find((file) => file.kind === kind);
  return first === undefined ? { path: `.sluice/${kind}.yaml`, text: '', root: undefined } : { path: first.path, text: first.text, root: first.document.root };
}

function hasKey(root: DocumentNode | undefined, key: string): boolean {
  return entryOf(root, key) !== undefined;
}

/** The name that the finding is at. */
function namedAt({ text, finding: { range } }: FixContext): string | undefined {
  const written = text.slice(range.start, range.end).replace(/^(["'])(.*)\1$/, '$2');
  return isName(written) && isReadable(written, 'field') ? written : undefined;
}

/** A secret that is named but not set: nothing in the file is wrong. */
export const unknownSecretFix: Fixer = ({ text, finding: { range } }) => {
  const secret = text.slice(range.start, range.end);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(secret) ? [{ title: message("Set the secret '{secret}'...", { secret }), changes: [], secret, preferred: true, isSafe: false }] : [];
};

/** What looks like a secret goes out of the file, and a reference into its place. */
export const literalSecretFix: Fixer = (context) => {
  const { text, root, finding } = context;
  const path = pathAt(root, finding.range.start);
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || typeof node.value !== 'string' || !canHoldSecret(context, path)) return [];
  const secret = secretNameFor(path);
  const reference = `\${{ secrets.${secret} }}`;
  const { start, end } = node.source;
  const isPlain = node.style === 'plain';
  // In a flow map the braces would be those of a map.
  const change =
    isPlain && isInFlow(text, context, path)
      ? { range: node.source, text: inQuotes(text.slice(start, finding.range.start) + reference + text.slice(finding.range.end, end)) }
      : replaceScalar(text, finding.range, reference);
  return changeHere(context, message("Move it to the secret '{secret}'...", { secret }), change, { preferred: true, secret, isSafe: false });
};

/** Keys of connections that hold nothing but a secret. */
const secretKeys: ReadonlySet<string> = new Set(['password', 'token', 'value', 'client-secret', 'refresh-token', 'key', 'secret-key', 'session-token']);

function canHoldSecret({ file, root }: FixContext, path: DocumentPath): boolean {
  if (file.kind === 'connections') return secretKeys.has(String(path.at(-1)));
  const at = path.indexOf('with');
  const uses = at < 0 ? undefined : entryOf(nodeAt(root, path.slice(0, at)), 'uses')?.value;
  const action = actionDefinitions.find(({ name }) => uses?.kind === 'scalar' && name === uses.value);
  return action !== undefined && maySecretStand(action, path.slice(at + 1));
}

/** `send` + `authorization` gives `SEND_AUTHORIZATION`. */
function secretNameFor(path: DocumentPath): string {
  const named = path.filter((part): part is string => typeof part === 'string' && !['steps', 'on-failure', 'with', 'headers', 'query', 'json', 'form', 'connections', 'auth'].includes(part));
  const words = [named[0], named.at(-1)].filter((part, index, all) => part !== undefined && all.indexOf(part) === index);
  return words.join('_').replace(/[^A-Za-z0-9]+/g, '_').toUpperCase().replace(/^(?=\d)/, '_').slice(0, 60) || 'SECRET';
}

function isInFlow(text: string, { root }: FixContext, path: DocumentPath): boolean {
  return path.some((_, index) => {
    const node = nodeAt(root, path.slice(0, index));
    return node !== undefined && node.kind !== 'scalar' && /[{[]/.test(text.charAt(node.range.start));
  });
}
