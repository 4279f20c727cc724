#!/usr/bin/env node
/** Stands in for the `code` command where VS Code can't be downloaded: takes the arguments that `@vscode/test-electron` gives it. */
import path from 'node:path';
import { runInPage } from './run-in-page.ts';

const args = process.argv.slice(2);
const option = (name: string): string => args.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';

process.exitCode = await runInPage({
  extensionDevelopmentPath: option('extensionDevelopmentPath'),
  extensionTestsPath: option('extensionTestsPath'),
  opened: args.find((one) => !one.startsWith('-')),
  trustsAll: args.includes('--disable-workspace-trust') && process.env['SLUICE_TEST_RESTRICTED'] === undefined,
  alsoRemove: [process.env['SLUICE_TEST_FOLDER'] ?? []].flat(),
  artefacts: process.env['SLUICE_TEST_ARTEFACTS'] ?? path.resolve('test/.artefacts/vscode'),
});
