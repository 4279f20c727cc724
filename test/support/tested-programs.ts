import { fileURLToPath } from 'node:url';

/**
 * The programs that tests start: from source, or, where `SLUICE_TEST_BUILT` is `yes`, those in `dist/`. A built daemon takes a third of the processor
 * time to start, and many tests do little else. `npm test` builds first, and sets it.
 */
const isBuilt = process.env['SLUICE_TEST_BUILT'] === 'yes';

/** The daemon's, absolute. */
export const daemonProgram: string = programAt(isBuilt ? 'dist/daemon.js' : 'daemon/main.ts');
/** That of the `sluice` command, absolute. */
export const commandProgram: string = programAt(isBuilt ? 'dist/cli.js' : 'daemon/cli/main.ts');

function programAt(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}
