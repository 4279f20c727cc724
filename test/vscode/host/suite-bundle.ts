import { build } from 'esbuild';
import { globSync } from 'node:fs';
import path from 'node:path';
import { root } from './root.ts';

/**
 * Bundles the tests of a window, and answers with the program that VS Code is to run. As one file, because the extension host loads CommonJS, and
 * so that all tests share what they use.
 */
export async function bundleSuite(name: string): Promise<string> {
  const folder = path.join(root, 'test', 'vscode', 'suites');
  const files = globSync(`${name}/**/*.test.ts`, { cwd: folder }).sort();
  const outfile = path.join(root, 'test', '.artefacts', 'vscode', name, 'suite.cjs');
  const requires = files.map((file) => `  require(${JSON.stringify(`./${file.replaceAll('\\', '/')}`)});`);
  await build({
    stdin: { contents: `import { runMocha } from './support/mocha-run.ts';\nexport const run = () => runMocha(() => {\n${requires.join('\n')}\n});\n`, resolveDir: folder, loader: 'ts' },
    absWorkingDir: root,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.19',
    sourcemap: 'linked',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return outfile;
}
