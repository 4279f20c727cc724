import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** The launcher runs as soon as it is loaded, so it is read as text. */
function found(file: string, pattern: RegExp): string {
  const match = pattern.exec(read(file))?.[1];
  assert.ok(match !== undefined, `${file} holds nothing like ${pattern}`);
  return match;
}

describe('the launcher', () => {
  const manifest = JSON.parse(read('package.json')) as Manifest;
  const oldest = found('bin/sluice.cjs', /^var OLDEST = \[([\d, ]+)\];$/m).replace(', ', '.');

  it('asks for the Node that package.json asks for, and that the build compiles for', () => {
    assert.equal(manifest.engines.node, `>=${oldest}`);
    assert.equal(found('scripts/build.ts', /target: 'node([\d.]+)'/), oldest);
  });

  it('asks for no older Node than what it bundles', () => {
    const undici = JSON.parse(read('node_modules/undici/package.json')) as Manifest;
    const [major = 0, minor = 0] = undici.engines.node.replace('>=', '').split('.').map(Number);
    const [ownMajor = 0, ownMinor = 0] = oldest.split('.').map(Number);
    assert.ok(ownMajor > major || (ownMajor === major && ownMinor >= minor), undici.engines.node);
  });

  it('looks for exactly the Nodes that package.json lists', () => {
    const list = found('bin/sluice.cjs', /^var PINNED_NODE = \{([^}]*)\};$/m);
    const names = [...list.matchAll(/'[a-z\d]+-[a-z\d]+': '([a-z\d-]+)'/g)].map(([, name = '']) => name);
    assert.deepEqual(names.toSorted(), Object.keys(manifest.optionalDependencies).toSorted());
  });

  it('finds in each of them a Node that is recent enough', () => {
    const [ownMajor = 0, ownMinor = 0] = oldest.split('.').map(Number);
    for (const [name, version] of Object.entries(manifest.optionalDependencies)) {
      const [major = 0, minor = 0] = version.split('.').map(Number);
      assert.ok(major > ownMajor || (major === ownMajor && minor >= ownMinor), `${name} ${version}`);
    }
  });
});
