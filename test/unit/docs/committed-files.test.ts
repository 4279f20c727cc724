import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './doc-pages.ts';

/** In pieces, so that this file doesn't hold what it looks for. */
const patterns: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a path of somebody’s machine', new RegExp(`(?<![\\w.])/(?:${['wor' + 'k/(?:main|shared)', 'ro' + 'ot/\\w', 'Use' + 'rs/[a-z]', 'ho' + 'me/(?!ann\\b|user\\b|you\\b)[a-z]'].join('|')})`)],
  ['the address of a package registry', new RegExp(`https?://[^\\s"'\`]*(?:${['regis' + 'try\\.', 'artifac' + 'tory', 'verdac' + 'cio', '/np' + 'm/'].join('|')})`, 'i')],
];

describe('what is committed', () => {
  it('names no path of a machine and no registry', () => {
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter((file) => file !== '');
    assert.ok(files.includes('package.json'));
    const found = files.flatMap((file) => {
      const text = textOf(file);
      return patterns.flatMap(([what, pattern]) => (text !== undefined && pattern.test(text) ? [`${file} has ${what}: ${pattern.exec(text)?.[0] ?? ''}`] : []));
    });
    assert.deepEqual(found, []);
  });

  it('would be found (control)', () => {
    const bad = ['see /' + 'work/main/x', '/' + 'home/ada/x', 'https://' + 'registry.example.com/a'];
    const good = ['framework/main', 'https://example.com/home/ada', '/homepage', 'https://docs.npmjs.com/cli'];
    const isFound = (text: string): boolean => patterns.some(([, pattern]) => pattern.test(text));
    assert.deepEqual(bad.filter((text) => !isFound(text)), []);
    assert.deepEqual(good.filter(isFound), []);
  });

  for (const file of ['package-lock.json', 'test/vscode/host/package-lock.json']) {
    it(`has a ${file} that says what to install and not from where`, () => {
      const lock = JSON.parse(readFileSync(path.join(root, file), 'utf8')) as { readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly integrity?: string }>> };
      const packages = Object.entries(lock.packages).filter(([name]) => name !== '');
      assert.ok(packages.length > 10);
      assert.deepEqual(packages.filter(([, { resolved, integrity }]) => resolved !== undefined || integrity === undefined).map(([name]) => name), []);
    });
  }
});

/** Undefined for what is not text, or has been deleted. */
function textOf(file: string): string | undefined {
  const full = path.join(root, file);
  if (statSync(full, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const bytes = readFileSync(full);
  return bytes.includes(0) ? undefined : bytes.toString('utf8');
}
