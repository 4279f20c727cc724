import Mocha from 'mocha';
import { appendFileSync } from 'node:fs';
import { format } from 'node:util';

/** Longer than two waits of `until`: what was waited for in vain says more than that time was up. */
const timeoutMs = 300_000;

/**
 * Runs tests inside the extension host. `load` declares them. The report goes into the file that `SLUICE_TEST_REPORT` names, because VS Code mixes
 * what is written to the console with its own; its last line counts.
 */
export async function runMocha(load: () => void): Promise<void> {
  process.setSourceMapsEnabled(true);
  const file = process.env['SLUICE_TEST_REPORT'];
  const write = (...words: unknown[]): void => (file === undefined ? console.log(...words) : appendFileSync(file, `${format(...words)}\n`));
  Mocha.reporters.Base.consoleLog = write;
  const grep = process.env['SLUICE_TEST_GREP'];
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: timeoutMs, slow: 5_000, forbidOnly: true, ...(grep === undefined ? {} : { grep }) });
  // What mocha does before it reads a file: `describe` and the like are there from now on.
  mocha.suite.emit('pre-require', globalThis, 'suite.cjs', mocha);
  try {
    load();
  } catch (error) {
    write(error instanceof Error ? error.stack : error);
    throw error;
  }
  const { promise, resolve } = Promise.withResolvers<number>();
  const runner = mocha.run(resolve);
  const failed = await promise;
  const { passes = 0, pending = 0 } = runner.stats ?? {};
  write(`${passes} passed, ${failed} failed, ${pending} skipped`);
  if (failed > 0) throw new Error(`${failed} tests failed`);
}
