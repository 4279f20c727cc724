/** The program of the language server: over the pipe, socket or streams that its arguments name (`--stdio`, `--node-ipc`, `--pipe=`, `--socket=`). */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import manifest from '../../../package.json' with { type: 'json' };
import { LanguageServer } from './language-server.ts';

const connection = createConnection(ProposedFeatures.all);

// A fault that nobody waited for: the next question may well be answered all the same.
const onFault = (error: unknown): void => connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
process.on('uncaughtException', onFault);
process.on('unhandledRejection', onFault);

new LanguageServer({
  connection,
  version: manifest.version,
  env: process.env,
  nowMs: () => performance.now(),
  reader: () => ({ now: Date.now(), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
  delay: (run, delayMs) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
}).start();
