import { isMap, isScalar, parseDocument, YAMLMap } from 'yaml';

const placeholder = { type: 'smtp', host: 'smtp.example.com', port: 587, tls: 'starttls', user: 'mailer', from: 'News <news@example.com>' };
const head = '# SMTP servers. Secrets are named here, never written here: "Sluice: Set Secret…" gives them their values.\n';

/**
 * The text of `connections.yaml` with an entry of this name, to be filled in; what stands in it stays, with its comments. `text` is undefined
 * where there is no such file. Answers with undefined where nothing has to be added, or where the file can't be read as it is.
 */
export function withConnection(text: string | undefined, name: string): string | undefined {
  const document = parseDocument(text ?? `${head}connections: {}\n`);
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents))) return undefined;
  const connections = document.get('connections', true);
  if (isMap(connections) ? connections.has(name) : connections !== undefined && !(isScalar(connections) && connections.value === null)) return undefined;
  const entry = document.createNode({ ...placeholder, password: `\${{ secrets.${name.toUpperCase()}_PASSWORD }}` });
  if (isMap(connections)) {
    if (connections.items.length === 0) connections.flow = false;
    connections.set(name, entry);
  } else {
    const map = new YAMLMap();
    map.set(name, entry);
    document.set('connections', map);
  }
  return document.toString({ lineWidth: 0 });
}
