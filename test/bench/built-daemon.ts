import { build } from 'esbuild';
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const banner = "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

export interface BuiltPrograms {
  /** `bench-daemon-program.ts` */
  readonly bench: string;
  /** The product's own. */
  readonly daemon: string;
  /** `peers/contender-program.ts`; it finds the packages of the peers where they are installed. */
  readonly contender: string;
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
      entryPoints: { bench: 'test/bench/bench-daemon-program.ts', contender: 'test/bench/peers/contender-program.ts', daemon: 'daemon/main.ts', 'body-program': 'daemon/actions/body-program.ts', 'sqlite-worker': 'daemon/store/sqlite/sqlite-worker.ts' },
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
    await symlink(path.join(import.meta.dirname, 'peers', 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    return await work({ bench: path.join(folder, 'bench.js'), daemon: path.join(folder, 'daemon.js'), contender: path.join(folder, 'contender.js') });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
