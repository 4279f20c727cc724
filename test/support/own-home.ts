import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A folder in place of the user's own, for this process and all that it starts: tests leave nothing in a home folder, and need none. To be
 * imported before anything else.
 */
if (process.env['SLUICE_HOME'] === undefined) {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-home-'));
  process.env['SLUICE_HOME'] = folder;
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
}
