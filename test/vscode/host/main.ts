/** Runs the tests that are in `suites/`: all, or some windows by name: `node test/vscode/host/main.ts project --grep tree`. */
import { parseArgs } from 'node:util';
import { runSuites } from './run-suites.ts';

const { values, positionals } = parseArgs({ options: { grep: { type: 'string' } }, allowPositionals: true });
const counts = await runSuites({ only: positionals, grep: values.grep });
process.exitCode = counts.failed > 0 ? 1 : 0;
// To anyone who counts, where somebody does.
process.send?.(counts, () => process.disconnect());
