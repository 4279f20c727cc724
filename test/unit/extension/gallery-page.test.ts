import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly title: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> };
  };
}

describe("the extension's page", () => {
  const page = read('docs/extension.md');
  const { contributes } = JSON.parse(read('package.json')) as Manifest;

  it('names every setting with its default', () => {
    const rows = new Map([...page.matchAll(/^\| `(sluice\.[\w.]+)` \| `?(\w+)`? \|/gm)].map(([, name = '', value = '']) => [name, value]));
    const settings = Object.entries(contributes.configuration.properties).map(([name, { default: value }]): [string, string] => [name, typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)]);
    assert.deepEqual([...rows].sort(), settings.sort());
  });

  it('names no command that there is not', () => {
    const titles = new Set(Object.entries(JSON.parse(read('package.nls.json')) as Record<string, string>).flatMap(([key, title]) => (key.startsWith('command.') ? [title] : [])));
    const named = [...page.matchAll(/(?<!\*)\*([A-Z][\w ]+…?)\*(?!\*)/g)].map(([, title = '']) => title.replaceAll(/\s+/g, ' '));
    assert.ok(named.length >= 6, `only ${named.length} found`);
    assert.deepEqual(named.filter((title) => !titles.has(title)), []);
  });
});
