import { isMap, isScalar, parseDocument, YAMLMap, type Document } from 'yaml';

export interface AddedConnections {
  /** The whole text of `connections.yaml`. */
  readonly text: string;
  readonly added: readonly string[];
  /** Names that it had before: those entries are left alone. */
  readonly kept: readonly string[];
}

const head = '# The systems on the other side. Secrets are named here, never written here: "Sluice: Set Secret…" or `sluice secrets set NAME` gives them their values.\n';

/**
 * Adds the entries of one `connections.yaml` to another, with their comments; what is in it stays. `text` is undefined if there is no such file.
 * Answers with undefined where the file can't be read as it is.
 */
export function withConnections(text: string | undefined, entries: string): AddedConnections | undefined {
  const document = parseDocument(text ?? `${head}connections: {}\n`);
  const connections = connectionsOf(document);
  if (connections === undefined) return undefined;
  const added: string[] = [];
  const kept: string[] = [];
  for (const pair of connectionsOf(parseDocument(entries))?.items ?? []) {
    const name = String(pair.key);
    if (connections.has(name)) kept.push(name);
    else {
      if (connections.items.length === 0) connections.flow = false;
      connections.items.push(pair);
      added.push(name);
    }
  }
  return { text: added.length === 0 && text !== undefined ? text : document.toString({ lineWidth: 0 }), added, kept };
}

/** The map of connections, which is made where there is none; undefined where something else is in its place. */
function connectionsOf(document: Document.Parsed): YAMLMap | undefined {
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents))) return undefined;
  const connections = document.get('connections', true);
  if (isMap(connections)) return connections;
  if (connections !== undefined && !(isScalar(connections) && connections.value === null)) return undefined;
  const map = new YAMLMap();
  document.set('connections', map);
  return map;
}
