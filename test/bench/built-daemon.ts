import { build } from 'esbuild';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const banner = "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

export interface BuiltPrograms {
  /** `bench-daemon-program.ts` */
  readonly bench: string;
  /** The product's own. */
  readonly daemon: string;
}

/**
 * The daemon's programs, bundled as `scripts/build.ts` bundles the product: run from its source, Node's own TypeScript
 * support would take a third of the memory that is measured. They are gone when `work` has ended.
 */
export async function withBuiltDaemon<Value>(work: (programs: BuiltPrograms) => Promise<Value>): Promise<Value> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-bench-build-')));
  try {
    await build({
      absWorkingDir: root,
      entryPoints: { bench: 'test/bench/bench-daemon-program.ts', daemon: 'daemon/main.ts', 'body-program': 'daemon/actions/body-program.ts', 'sqlite-worker': 'daemon/store/sqlite/sqlite-worker.ts' },
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node22.19',
      banner: { js: banner },
      logLevel: 'warning',
    });
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    return await work({ bench: path.join(folder, 'bench.js'), daemon: path.join(folder, 'daemon.js') });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
