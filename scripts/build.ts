/**
 * Bundles the programs of the daemon, its command and the VS Code extension into `dist/`, each with its source map beside it.
 *
 * All output lies flat in `dist/`, shared chunks too: code finds its sibling programs by `import.meta.url`
 * (see `sqliteWorkerUrl` in `daemon/store/sqlite/thread-connection.ts`), and a chunk in a folder of its own would look in the wrong place.
 */
import { build, type Metafile } from 'esbuild';
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const outputFolder = path.join(root, 'dist');

/** Program in `dist/` by the file it starts from. */
const programs = {
  cli: 'daemon/cli/main.ts',
  daemon: 'daemon/main.ts',
  'body-program': 'daemon/actions/body-program.ts',
  'sandbox-program': 'daemon/actions/sandbox/sandbox-program.ts',
  'sqlite-program': 'daemon/actions/sql/sqlite-program.ts',
  'sqlite-worker': 'daemon/store/sqlite/sqlite-worker.ts',
};

/** Run by VS Code and by the command alike. By itself, because of what it needs to be bundled, which the others have no use for. */
const languageServerProgram = { 'language-server': 'extension/language/server/main.ts' };

/** VS Code loads extensions as CommonJS, and hands the module `vscode` in. What isn't needed at its start is a program of its own. */
const extensionPrograms = { extension: 'extension/extension.ts', 'language-client': 'extension/language/client/language-client.ts' };

/** The page of the dashboard: a script and a style, for the webview's browser. */
const pageProgram = [
  { in: 'extension/dashboard/page/main.ts', out: 'dashboard' },
  { in: 'extension/dashboard/page/page.css', out: 'dashboard' },
];

/** QuickJS, which its package looks for beside the module that loads it, and the source of JSONata, which runs in it. */
const besides = ['node_modules/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm', 'node_modules/jsonata/jsonata.min.js'];

// Bundled CommonJS packages call require() for Node's own modules; an ES module has none unless it makes one.
const requireBanner =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

const shared = {
  absWorkingDir: root,
  outdir: outputFolder,
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  sourcemap: 'linked',
  metafile: true,
  logLevel: 'warning',
} as const;

async function main(): Promise<number> {
  const missing = [...Object.values({ ...programs, ...languageServerProgram, ...extensionPrograms }), ...pageProgram.map((program) => program.in)].filter((file) => !existsSync(path.join(root, file)));
  if (missing.length > 0) {
    console.error(`build: not found: ${missing.join(', ')}; scripts/build.ts lists what is built`);
    return 1;
  }

  const startedAtMs = performance.now();
  await rm(outputFolder, { recursive: true, force: true });
  try {
    const bundles = await Promise.all([
      build({ ...shared, entryPoints: programs, splitting: true, format: 'esm', chunkNames: 'chunk-[hash]', banner: { js: requireBanner } }),
      // The CommonJS form of some of its packages finds its own parts at run time, which no bundle has.
      build({ ...shared, entryPoints: languageServerProgram, mainFields: ['module', 'main'], format: 'esm', banner: { js: requireBanner } }),
      build({ ...shared, entryPoints: extensionPrograms, format: 'cjs', outExtension: { '.js': '.cjs' }, external: ['vscode'] }),
      build({ ...shared, entryPoints: pageProgram, platform: 'browser', target: 'chrome140', format: 'iife', minify: true }),
    ]);
    for (const file of besides) await copyFile(path.join(root, file), path.join(outputFolder, path.basename(file)));
    for (const { metafile } of bundles) report(metafile);
    console.log(`built in ${((performance.now() - startedAtMs) / 1000).toFixed(2)} s`);
    return 0;
  } catch {
    // esbuild has printed its errors, each with its place.
    console.error('build: failed');
    return 1;
  }
}

function report(metafile: Metafile): void {
  for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
    if (!file.endsWith('.map')) console.log(`${file}  ${(bytes / 1024).toFixed(0)} kB`);
  }
}

process.exitCode = await main();
