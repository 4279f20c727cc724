import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

/** The text of each file by its path from the repository's root, with forward slashes. */
type Tree = ReadonlyMap<string, string>;

/** For each file, what it imports: a path from the root where that is in the repository, else the specifier as it stands. */
type ImportGraph = ReadonlyMap<string, readonly Import[]>;

interface Import {
  readonly target: string;
  readonly kind: 'file' | 'node' | 'package';
}

/** Which top-level folder may import which. `schemas`, `daemon/core`, `daemon/ledger` and `client` are narrower still, and `daemon/cli` is wider: see `forbiddenReason`. */
const allowedFolders: Readonly<Record<string, readonly string[]>> = {
  schemas: ['schemas'],
  platform: ['platform', 'schemas'],
  client: ['client', 'platform', 'schemas'],
  daemon: ['daemon', 'platform', 'schemas'],
  extension: ['extension', 'client', 'platform', 'schemas'],
};

const emptyName = /(^|-)(utils?|helpers?|common|manager|misc)(-|\.|$)/;

describe('structure of the source', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const product = readTree(root, '{schemas,platform,client,daemon,extension}/**/*.ts');
  const graph = readImports(product);

  it('is found at all', () => {
    for (const folder of ['schemas/', 'platform/', 'client/', 'daemon/', 'daemon/core/', 'daemon/cli/']) {
      assert.ok([...product.keys()].some((file) => file.startsWith(folder)), `no file under ${folder}`);
    }
    assert.ok([...graph.values()].flat().some(({ kind }) => kind === 'file'), 'no file imports another');
  });

  it('imports along schemas <- platform <- client <- { daemon/cli, extension } and platform <- daemon only, and keeps schemas, the core and the ledger pure', () => {
    assert.deepEqual(findForbidden(graph), []);
  });

  it('has no circle of imports', () => {
    assert.deepEqual(findCircles(graph), []);
  });

  it('has no circle between the rooms of the daemon', () => {
    assert.deepEqual(findCircles(roomsOf(graph, 'daemon')), []);
  });

  it('has no circle between the rooms of the extension', () => {
    assert.deepEqual(findCircles(roomsOf(graph, 'extension')), []);
  });

  it('tells texts of the editor through `say`, whose arguments the compiler checks', () => {
    assert.deepEqual(findUncheckedTexts(product), []);
  });

  it('words what a daemon refuses by messages, which reach the editor in its language', () => {
    assert.deepEqual(findEnglishRefusals(product), []);
  });

  it('names each file for what is in it', () => {
    const everything = readTree(root, '{schemas,platform,client,daemon,extension,test,scripts,examples}/**/*.{ts,js,cjs,mjs}');
    assert.deepEqual(findEmptyNames(everything.keys()), []);
  });

  it('marks each unit test that starts servers or programs as slow, which `npm test -- quick` leaves out', () => {
    assert.deepEqual(findUnmarkedStarters(readImports(readTree(root, 'test/{unit,support}/**/*.ts'))), []);
  });
});

describe('the checks of the structure (control)', () => {
  const allowed: Record<string, Record<string, string>> = {
    'daemon to schemas': { 'daemon/a.ts': `import { b } from '../schemas/b.ts';`, 'schemas/b.ts': '' },
    'daemon to Node and to packages': { 'daemon/a.ts': `import fs from 'node:fs'; import { WebSocket } from 'ws';` },
    'daemon to package.json': { 'daemon/a.ts': `import manifest from '../package.json' with { type: 'json' };` },
    'extension to schemas': { 'extension/a.ts': `import type { B } from '../schemas/b.ts';`, 'schemas/b.ts': '' },
    'extension to client': { 'extension/a.ts': `import { connect } from '../client/b.ts';`, 'client/b.ts': '' },
    'the command to client': { 'daemon/cli/commands/a.ts': `import { connect } from '../../../client/b.ts';`, 'client/b.ts': '' },
    'client to schemas, Node and packages': { 'client/a.ts': `import '../schemas/b.ts'; import fs from 'node:fs'; import { WebSocket } from 'ws';`, 'schemas/b.ts': '' },
    'platform to schemas, Node and packages': { 'platform/a.ts': `import '../schemas/b.ts'; import fs from 'node:fs'; import PQueue from 'p-queue';`, 'schemas/b.ts': '' },
    'client, daemon and extension to platform': { 'client/a.ts': `import '../platform/b.ts';`, 'daemon/state/a.ts': `import '../../platform/b.ts';`, 'extension/a.ts': `import '../platform/b.ts';`, 'platform/b.ts': '' },
    'schemas to a package': { 'schemas/a.ts': `import { parse } from 'yaml';` },
    'core to core and schemas': { 'daemon/core/a.ts': `import './b.ts'; import '../../schemas/c.ts';` },
    'ledger to core, schemas and ledger': { 'daemon/ledger/a.ts': `import './b.ts'; import '../core/c.ts'; import type { D } from '../../schemas/d.ts';` },
    'an import in a comment or a text': { 'schemas/a.ts': `// import 'node:fs'\nexport const a = "import 'node:fs'";` },
  };
  for (const [name, files] of Object.entries(allowed)) {
    it(`allow ${name}`, () => {
      assert.deepEqual(findForbidden(readImports(treeOf(files))), []);
    });
  }

  const forbidden: Record<string, [file: string, text: string]> = {
    'schemas to daemon': ['schemas/a.ts', `import { b } from '../daemon/b.ts';`],
    'schemas to extension': ['schemas/x/a.ts', `export * from '../../extension/b.ts';`],
    'daemon to extension': ['daemon/a.ts', `import '../extension/b.ts';`],
    'extension to daemon': ['extension/a.ts', `import { b } from '../daemon/b.ts';`],
    'client to daemon': ['client/a.ts', `import { b } from '../daemon/b.ts';`],
    'client to the command': ['client/a.ts', `import { b } from '../daemon/cli/b.ts';`],
    'client to extension': ['client/a.ts', `import { b } from '../extension/b.ts';`],
    'client to the texts of the extension': ['client/a.ts', `import * as l10n from '@vscode/l10n';`],
    'client to VS Code': ['client/a.ts', `import * as vscode from 'vscode';`],
    'platform to client': ['platform/a.ts', `import { b } from '../client/b.ts';`],
    'platform to daemon': ['platform/a.ts', `import { b } from '../daemon/b.ts';`],
    'platform to VS Code': ['platform/a.ts', `import * as vscode from 'vscode';`],
    'schemas to platform': ['schemas/a.ts', `import { b } from '../platform/b.ts';`],
    'the core to platform': ['daemon/core/a.ts', `import { b } from '../../platform/b.ts';`],
    'daemon to client': ['daemon/a.ts', `import { b } from '../client/b.ts';`],
    'a service to client': ['daemon/service/a.ts', `import { b } from '../../client/b.ts';`],
    'the core to client': ['daemon/core/a.ts', `import { b } from '../../client/b.ts';`],
    'the daemon to the command': ['daemon/a.ts', `import { b } from './cli/b.ts';`],
    'schemas to client': ['schemas/a.ts', `import { b } from '../client/b.ts';`],
    'a type across the border': ['extension/a.ts', `import type { B } from '../daemon/b.ts';`],
    'a type in a type': ['extension/a.ts', `export type A = import('../daemon/b.ts').B;`],
    'an import at run time': ['extension/a.ts', `export const b = await import('../daemon/b.ts');`],
    'an export from': ['extension/a.ts', `export type { B } from '../daemon/b.ts';`],
    'product to test': ['daemon/a.ts', `import '../test/support/b.ts';`],
    'product to scripts': ['daemon/x/a.ts', `import '../../scripts/b.ts';`],
    'schemas to Node': ['schemas/a.ts', `import { readFileSync } from 'node:fs';`],
    'schemas to Node by the old name': ['schemas/a.ts', `import { readFileSync } from 'fs/promises';`],
    'core to Node': ['daemon/core/a.ts', `import { randomUUID } from 'node:crypto';`],
    'core to the rest of the daemon': ['daemon/core/x/a.ts', `import '../../engine/b.ts';`],
    'ledger to the store': ['daemon/ledger/a.ts', `import type { Store } from '../store/store.ts';`],
    'ledger to the engine': ['daemon/ledger/a.ts', `import '../engine/b.ts';`],
    'ledger to Node': ['daemon/ledger/a.ts', `import { DatabaseSync } from 'node:sqlite';`],
    'ledger to a package': ['daemon/ledger/a.ts', `import pg from 'pg';`],
    'core to the ledger': ['daemon/core/a.ts', `import '../ledger/b.ts';`],
    'core to a package': ['daemon/core/a.ts', `import PQueue from 'p-queue';`],
  };
  for (const [name, [file, text]] of Object.entries(forbidden)) {
    it(`catch ${name}`, () => {
      const found = findForbidden(readImports(treeOf({ [file]: text })));
      assert.equal(found.length, 1);
      assert.ok(found[0]?.startsWith(`${file} imports `), found[0]);
    });
  }

  it('catch a circle, once, and no file that only leads to it', () => {
    const graph = readImports(
      treeOf({
        'daemon/a.ts': `import './b.ts';`,
        'daemon/b.ts': `import './c.ts';`,
        'daemon/c.ts': `import type { B } from './b.ts'; import '../schemas/d.ts';`,
        'schemas/d.ts': '',
      }),
    );
    assert.deepEqual(findCircles(graph), ['daemon/b.ts -> daemon/c.ts -> daemon/b.ts']);
  });

  it('catch a file that imports itself', () => {
    assert.deepEqual(findCircles(readImports(treeOf({ 'daemon/a.ts': `import './a.ts';` }))), ['daemon/a.ts -> daemon/a.ts']);
  });

  it('allow two ways to one file', () => {
    const files = { 'daemon/a.ts': `import './b.ts'; import './c.ts';`, 'daemon/b.ts': `import './c.ts';`, 'daemon/c.ts': '' };
    assert.deepEqual(findCircles(readImports(treeOf(files))), []);
  });

  it('catch a circle between rooms whose files are in none', () => {
    const graph = readImports(
      treeOf({
        'daemon/main.ts': `import './a/one.ts';`,
        'daemon/a/one.ts': `import '../b/one.ts'; import './two.ts';`,
        'daemon/a/two.ts': '',
        'daemon/b/one.ts': `import '../a/two.ts';`,
      }),
    );
    assert.deepEqual(findCircles(graph), []);
    assert.deepEqual(findCircles(roomsOf(graph, 'daemon')), ['daemon/a -> daemon/b -> daemon/a']);
  });

  it('catch a room that needs the place that puts the rooms together', () => {
    const graph = readImports(
      treeOf({
        'extension/extension.ts': `import { open } from './views/runs/view.ts';`,
        'extension/app.ts': '',
        'extension/views/runs/view.ts': `import type { App } from '../../app.ts'; import './row.ts';`,
        'extension/views/runs/row.ts': '',
      }),
    );
    assert.deepEqual(findCircles(graph), []);
    assert.deepEqual(findCircles(roomsOf(graph, 'extension')), ['extension -> extension/views -> extension']);
  });

  it('catch texts that go around `say`', () => {
    const tree = treeOf({
      'extension/a.ts': `import * as l10n from '@vscode/l10n'; export const a = l10n.t('{0} jobs', 3);`,
      'extension/b.ts': `import * as vscode from 'vscode'; export const b = vscode.l10n.t('Retry');`,
      'extension/c.ts': `import { t } from '@vscode/l10n'; export const c = t('Retry');`,
      'extension/d.ts': `import { l10n } from 'vscode'; export const d = l10n.bundle; // l10n.t`,
      'extension/wording/language.ts': `import * as l10n from '@vscode/l10n'; export const e = l10n.t('Retry');`,
    });
    assert.deepEqual(findUncheckedTexts(tree), ['extension/a.ts', 'extension/b.ts', 'extension/c.ts']);
  });

  it('catch refusals in English only, where a client can meet them', () => {
    const tree = treeOf({
      'daemon/ledger/a.ts': `throw new CodedError('not-found', \`There is no job \${id}.\`);`,
      'daemon/engine/b.ts': `const error = new CodedError('stopping', 'It stops.', { open: 1 });`,
      'daemon/engine/c.ts': `throw new CodedError('stopping', message('It stops.')); throw new CodedError(error.code, error.told);`,
      'daemon/cli/d.ts': `throw new CodedError('stopping', 'It stops.');`,
    });
    assert.deepEqual(findEnglishRefusals(tree), ['daemon/ledger/a.ts: `There is no job ${id}.`', "daemon/engine/b.ts: 'It stops.'"]);
  });

  it('catch a test that starts a server, by what it imports in turn, and is not marked as slow', () => {
    const tree = treeOf({
      'test/support/postgres-server.ts': '',
      'test/support/shared-place.ts': `import './postgres-server.ts';`,
      'test/unit/a.test.ts': `import '../support/shared-place.ts';`,
      'test/unit/b.slow.test.ts': `import '../support/shared-place.ts';`,
      'test/unit/c.test.ts': '',
    });
    assert.deepEqual(findUnmarkedStarters(readImports(tree)), ['test/unit/a.test.ts starts what is in test/support/postgres-server.ts: name it a.slow.test.ts']);
  });

  it('catch names that say nothing, of files and of folders', () => {
    const bad = ['daemon/utils.ts', 'daemon/queue-manager.ts', 'test/test-helpers.ts', 'schemas/common/a.ts', 'daemon/misc.test.ts'];
    const good = ['daemon/community.ts', 'daemon/managers-report.ts', 'daemon/utilisation.ts'];
    assert.deepEqual(findEmptyNames([...bad, ...good]), bad);
  });
});

function readTree(root: string, pattern: string): Tree {
  const files = globSync(pattern, { cwd: root, exclude: (name) => name === 'node_modules' }).map((file) => file.replaceAll('\\', '/'));
  return new Map(files.sort().map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
}

function treeOf(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files));
}

/** Imports of every form: of types too, since a type that crosses a border ties both sides together as well. */
function readImports(tree: Tree): ImportGraph {
  return new Map([...tree].map(([file, text]) => [file, specifiersIn(file, text).map((specifier) => importOf(file, specifier))]));
}

function specifiersIn(file: string, text: string): string[] {
  const specifiers: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) specifiers.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return specifiers;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

/** Files with `t` of `@vscode/l10n` or of `vscode`, which takes any arguments and has no plural forms. `say` is built on it, in one place. */
function findUncheckedTexts(tree: Tree): string[] {
  const isUnchecked = (node: ts.Node): boolean =>
    (ts.isPropertyAccessExpression(node) && node.name.text === 't' && /(^|\.)l10n$/.test(node.expression.getText())) ||
    (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier) && node.moduleSpecifier.text === '@vscode/l10n' && node.importClause?.namedBindings?.kind === ts.SyntaxKind.NamedImports) ||
    ts.forEachChild(node, (child) => isUnchecked(child) || undefined) === true;
  return [...tree].filter(([file, text]) => file !== 'extension/wording/language.ts' && text.includes('l10n') && isUnchecked(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))).map(([file]) => file);
}

/**
 * Texts of a `CodedError` that are no message, in the rooms that answer clients. Not meant: params.ts, which speaks to those who write a client, and what a
 * daemon says before it has any.
 */
function findEnglishRefusals(tree: Tree): string[] {
  const found: string[] = [];
  for (const [file, text] of tree) {
    if (!/^daemon\/(engine|ledger|secrets|server|service|store)\/(?!params\.ts)/.test(file) || !text.includes('new CodedError(')) continue;
    const visit = (node: ts.Node): void => {
      const told = ts.isNewExpression(node) && node.expression.getText() === 'CodedError' ? node.arguments?.[1] : undefined;
      if (told !== undefined && (ts.isStringLiteralLike(told) || ts.isTemplateExpression(told))) found.push(`${file}: ${told.getText()}`);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return found;
}

/** What starts a server of Postgres, or the product's own programs. */
const starters = ['test/support/postgres-server.ts', 'test/support/tested-programs.ts'];

function findUnmarkedStarters(graph: ImportGraph): string[] {
  const reached = (file: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const { target } of graph.get(file) ?? []) reached(target, seen);
    return seen;
  };
  return [...graph.keys()].filter((file) => file.endsWith('.test.ts') && !file.endsWith('.slow.test.ts')).flatMap((file) => {
    const started = [...reached(file)].find((one) => starters.includes(one));
    return started === undefined ? [] : [`${file} starts what is in ${started}: name it ${path.posix.basename(file, '.test.ts')}.slow.test.ts`];
  });
}

function importOf(file: string, specifier: string): Import {
  if (specifier.startsWith('.')) return { target: path.posix.join(path.posix.dirname(file), specifier), kind: 'file' };
  const isNode = specifier.startsWith('node:') || builtinModules.includes(specifier);
  return { target: specifier, kind: isNode ? 'node' : 'package' };
}

function findForbidden(graph: ImportGraph): string[] {
  return [...graph].flatMap(([file, imports]) =>
    imports.flatMap((one) => {
      const reason = forbiddenReason(file, one);
      return reason === undefined ? [] : [`${file} imports ${one.target}: ${reason}`];
    }),
  );
}

const ledgerRule = 'the ledger imports core/, schemas/ and itself only';

function forbiddenReason(file: string, { target, kind }: Import): string | undefined {
  const folder = topFolder(file);
  const isCore = file.startsWith('daemon/core/');
  const isLedger = file.startsWith('daemon/ledger/');
  switch (kind) {
    case 'node':
      return isCore || isLedger || folder === 'schemas' ? 'this folder is pure' : undefined;
    case 'package':
      if ((folder === 'client' || folder === 'platform') && (target === 'vscode' || target === '@vscode/l10n')) return 'the client returns values and codes, and whoever shows them has the words';
      return isCore ? 'the core imports schemas/ and itself only' : isLedger ? ledgerRule : undefined;
    case 'file':
      if (isCore && !target.startsWith('daemon/core/') && !target.startsWith('schemas/')) return 'the core imports schemas/ and itself only';
      if (isLedger && !/^(daemon\/(core|ledger)|schemas)\//.test(target)) return ledgerRule;
      if (target === 'package.json' && folder !== 'schemas') return undefined;
      if (file.startsWith('daemon/cli/') && topFolder(target) === 'client') return undefined;
      if (folder === 'daemon' && !file.startsWith('daemon/cli/') && target.startsWith('daemon/cli/')) return 'the daemon needs no command';
      return allowedFolders[folder]?.includes(topFolder(target)) ? undefined : 'schemas <- platform <- client <- { daemon/cli, extension }; platform <- daemon';
  }
}

function topFolder(file: string): string {
  return file.slice(0, Math.max(0, file.indexOf('/')));
}

/** Each circle once, as the path around it; a depth-first walk that meets a file of its own path has found one. */
function findCircles(graph: ImportGraph): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      circles.push([...trail.slice(start), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const { target, kind } of graph.get(file) ?? []) {
      if (kind === 'file') walk(target, [...trail, file]);
    }
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return circles;
}

/** The folders of a top folder, with what their files import from each other. The files beside them are one room as well. */
function roomsOf(graph: ImportGraph, top: string): ImportGraph {
  const roomOf = (file: string): string => file.split('/').slice(0, -1).slice(0, 2).join('/');
  const rooms = new Map<string, Import[]>();
  for (const [file, imports] of graph) {
    if (topFolder(file) !== top) continue;
    const room = roomOf(file);
    const targets = imports.filter(({ kind, target }) => kind === 'file' && topFolder(target) === top && roomOf(target) !== room).map(({ target }): Import => ({ target: roomOf(target), kind: 'file' }));
    rooms.set(room, [...(rooms.get(room) ?? []), ...targets]);
  }
  return rooms;
}

function findEmptyNames(files: Iterable<string>): string[] {
  return [...files].filter((file) => file.split('/').some((name) => emptyName.test(name)));
}
