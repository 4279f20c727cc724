import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { anchorsOf, pages, proseOf, root } from './doc-pages.ts';

describe('links in the documentation', () => {
  it('lead to files and headings that exist', () => {
    assert.deepEqual([...pages].flatMap(([file, text]) => brokenLinks(file, text)), []);
  });

  it('are looked at at all, and a broken one is found (control)', () => {
    assert.ok(pages.has('README.md') && pages.has('docs/architecture.md'));
    const text = '# Here\n[a](README.md) [b](#here) [c](#there) [d](docs/no-such-page.md) [e](https://example.com/x) [f](docs/architecture.md#no-such-part)';
    assert.deepEqual(brokenLinks('x.md', text), ['x.md: #there', 'x.md: docs/no-such-page.md', 'x.md: docs/architecture.md#no-such-part']);
  });

  it('are beside what the daemon reads of its environment for calls: proxies, and authorities to trust', () => {
    const reference = pages.get('docs/workflow-reference.md') ?? '';
    assert.deepEqual(['NODE_EXTRA_CA_CERTS', 'http_proxy', 'https_proxy', 'no_proxy'].filter((name) => !reference.includes(`\`${name}\``)), []);
  });

  it('reach every decision from the index', () => {
    const index = pages.get('docs/README.md') ?? '';
    const missing = [...pages.keys()].filter((file) => file.startsWith('docs/') && file !== 'docs/README.md' && !index.includes(`](${file.slice('docs/'.length)})`));
    assert.deepEqual(missing, []);
  });

  it('name only source files that exist, and one that does not is found (control)', () => {
    const named = [...pages].filter(([file]) => file === 'CONTRIBUTING.md' || /^docs\/[^/]+$/.test(file));
    assert.deepEqual(named.flatMap(([file, text]) => missingSources(file, text)), []);
    assert.deepEqual(missingSources('x.md', '`daemon/main.ts`, `no-such-file.ts`, `daemon/actions/NAME.ts`, `client/main.ts`'), ['x.md: no-such-file.ts', 'x.md: client/main.ts']);
  });
});

const sources = globSync(['{daemon,extension,schemas,client,platform,test,scripts}/**/*.ts'], { cwd: root, exclude: (name) => name === 'node_modules' }).map((file) => `/${file.replaceAll('\\', '/')}`);

/** By their last parts, as a page names them; capitals are a place for a name. */
function missingSources(file: string, text: string): string[] {
  const names = [...proseOf(text).matchAll(/`([a-z0-9_./-]+\.ts)`/g)].map(([, name = '']) => name);
  return names.filter((name) => !sources.some((source) => source.endsWith(`/${name}`))).map((name) => `${file}: ${name}`);
}

function brokenLinks(file: string, text: string): string[] {
  const targets = [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !isThere(file, text, target)).map((target) => `${file}: ${target}`);
}

function isThere(file: string, text: string, target: string): boolean {
  const [name = '', anchor] = target.split('#');
  const linked = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
  if (name !== '' && !existsSync(path.join(root, linked))) return false;
  if (anchor === undefined) return true;
  const page = name === '' ? text : pages.get(linked);
  return page !== undefined && anchorsOf(page).has(anchor);
}
