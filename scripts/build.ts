/**
 * Bundles the programs of the daemon, its command and the VS Code extension into `dist/`, each with its source map beside it.
 *
 * All output lies flat in `dist/`, shared chunks too: code finds its sibling programs by `import.meta.url`
 * (see `daemon/store/sqlite/worker-location.ts`), and a chunk in a folder of its own would look in the wrong place.
 */
import { build, type Metafile } from 'esbuild';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const outputFolder = path.join(root, 'dist');

/** Program in `dist/` by the file it starts from. */
const programs = {
  cli: 'daemon/cli/main.ts',
  daemon: 'daemon/main.ts',
  'sqlite-worker': 'daemon/store/sqlite/sqlite-worker.ts',
};

/** VS Code loads extensions as CommonJS, and hands the module `vscode` in. */
const extensionProgram = { extension: 'extension/extension.ts' };

/** The page of the dashboard: a script and a style, for the webview's browser. */
const pageProgram = [
  { in: 'extension/dashboard/page/main.ts', out: 'dashboard' },
  { in: 'extension/dashboard/page/page.css', out: 'dashboard' },
];

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
  const missing = [...Object.values({ ...programs, ...extensionProgram }), ...pageProgram.map((program) => program.in)].filter((file) => !existsSync(path.join(root, file)));
  if (missing.length > 0) {
    console.error(`build: not found: ${missing.join(', ')}; scripts/build.ts lists what is built`);
    return 1;
  }

  const startedAtMs = performance.now();
  await rm(outputFolder, { recursive: true, force: true });
  try {
    const bundles = await Promise.all([
      build({ ...shared, entryPoints: programs, splitting: true, format: 'esm', chunkNames: 'chunk-[hash]', banner: { js: requireBanner } }),
      build({ ...shared, entryPoints: extensionProgram, format: 'cjs', outExtension: { '.js': '.cjs' }, external: ['vscode'] }),
      build({ ...shared, entryPoints: pageProgram, platform: 'browser', target: 'chrome140', format: 'iife', minify: true }),
    ]);
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
