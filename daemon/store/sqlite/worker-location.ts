/**
 * The program of the store's worker thread, for `new Worker(sqliteWorkerUrl)`.
 *
 * In source this file and the worker are `.ts` files side by side. In a build, `scripts/build.ts` bundles this module into
 * `dist/cli.js`, `dist/daemon.js` or a `dist/chunk-*.js` that they share, and the worker into `dist/sqlite-worker.js`; all
 * lie flat in `dist/`. So the worker is next to this module either way, with this module's own extension.
 */
export const sqliteWorkerUrl: URL = new URL(`./sqlite-worker${extension()}`, import.meta.url);

function extension(): '.ts' | '.js' {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}
