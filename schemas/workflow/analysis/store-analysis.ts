import { toJson } from '../document.ts';
import type { StoreSettings, StoreUrl } from '../model.ts';
import { message } from '../../wording/message.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import type { MapReader } from './map-reader.ts';
import { quoted } from './report.ts';
import type { TemplateReader } from './template-reader.ts';

export const defaultStoreSchema = 'sluice';

const place: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message('settings have no items'), secrets: true, roots: ['secrets'] };

/** Why a text is not the URL of a store; undefined if it is. What it says never has the text in it, which could hold a password. */
export function storeUrlProblem(text: string): 'no-url' | 'no-database' | undefined {
  const found = /^postgres(?:ql)?:\/\/(?:[^/?#@\s]*@)?[^/?#@\s]*(\/[^?#\s]*)?(?:\?[^#\s]*)?$/.exec(text);
  if (found === null) return 'no-url';
  return (found[1] ?? '/') === '/' ? 'no-database' : undefined;
}

/** Reads `store` of `config.yaml`. Undefined if nothing is said. */
export function readStore(root: MapReader, templates: TemplateReader): StoreSettings | undefined {
  const reader = root.map('store', { what: "'store'", keys: ['postgres', 'listen', 'schema'] });
  if (reader === undefined) return undefined;
  const postgres = readUrl(reader, 'postgres', templates);
  const listen = readUrl(reader, 'listen', templates);
  const schema = reader.string('schema', 'the name of a schema such as sluice') ?? defaultStoreSchema;
  if (reader.has('schema') && (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_'))) {
    reader.report.error('bad-value', reader.place('schema'), message("{schema} is not a name of a schema: up to 63 lower-case letters, digits and '_', not beginning with a digit or 'pg_'.", { schema: quoted(schema) }));
  }
  return { schema, ...(postgres === undefined ? {} : { postgres }), ...(listen === undefined ? {} : { listen }) };
}

function readUrl(reader: MapReader, key: 'postgres' | 'listen', templates: TemplateReader): StoreUrl | undefined {
  const entry = reader.entry(key);
  const value = entry === undefined ? undefined : toJson(entry.value);
  const code = '${{ secrets.STORE_URL }}';
  if (entry === undefined || (typeof value === 'string' && value.includes('${{'))) {
    const secret = typeof value === 'string' ? /^\$\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$/.exec(value)?.[1] : undefined;
    if (entry === undefined) return undefined;
    const before = reader.report.errorCount;
    templates.template(entry.value, place, () => true);
    if (secret !== undefined) return { secret };
    if (reader.report.errorCount === before) reader.report.error('bad-value', reader.place(key), message("'{key}' is one secret that holds the whole URL, such as {code}, and nothing beside it.", { key, code }));
    return undefined;
  }
  const url = reader.string(key, 'a secret that holds a URL of Postgres, such as ${{ secrets.STORE_URL }}');
  if (url === undefined) return undefined;
  const problem = storeUrlProblem(url);
  const hasPassword = /^[^/]*\/\/[^/@]*:[^/@]*@/.test(url) || /[?&](?:password|sslpassword)=/i.test(url);
  if (hasPassword) {
    reader.report.error('bad-value', reader.place(key), message("The password is in the file, where everyone who reads the project sees it. Write {code}, and keep the whole URL in that secret.", { code }));
  } else if (problem !== undefined) {
    reader.report.error('bad-value', reader.place(key), message("'{key}' is a URL of Postgres such as postgres://user@db.example.com:5432/jobs, or a secret that holds one, such as {code}.", { key, code }));
  }
  return { url };
}
