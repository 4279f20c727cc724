import { fileURLToPath } from 'node:url';

/**
 * The path of the program of the daemon, for `node PATH --project DIR`.
 *
 * In source this file is in `daemon/cli/` and the program is `daemon/main.ts`. In a build, `scripts/build.ts` puts this
 * module into `dist/cli.js` or a chunk beside it and the program into `dist/daemon.js`; all lie flat in `dist/`.
 */
export const daemonProgram: string = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : './daemon.js', import.meta.url));
