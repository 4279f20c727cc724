/** The editor's side of the language server: a bundle of its own, which is loaded when the server is needed. */

import { l10n } from 'vscode';
import { LanguageClient, State, TransportKind } from 'vscode-languageclient/node';
import { languageId, settings } from '../../base/ids.ts';
import type { LanguageClientOptions, RunningLanguageClient } from '../language-support.ts';
import { knownSecretsNotification } from '../known-secrets.ts';
import { withSuggestions } from './with-suggestions.ts';

/** The client's id; it reads `sluice.trace.server` by it. */
const id = settings.section;

/** Resolves when the server has answered. Where it ends by itself, it is started again, up to four times in three minutes. */
export async function startLanguageClient({ server, channel, knownSecrets }: LanguageClientOptions): Promise<RunningLanguageClient> {
  const client = new LanguageClient(
    id,
    'Sluice Language Server',
    { module: server, transport: TransportKind.ipc },
    {
      documentSelector: [{ language: languageId }],
      outputChannel: channel,
      initializationOptions: { canSetSecrets: true, ...(l10n.bundle === undefined ? {} : { translations: l10n.bundle }) },
      middleware: { provideCompletionItem: async (document, position, context, token, next) => withSuggestions(await next(document, position, context, token)) },
    },
  );
  client.onDidChangeState(({ newState }) => {
    if (newState !== State.Running) return;
    for (const known of knownSecrets()) client.sendNotification(knownSecretsNotification, known).catch((error: unknown) => channel.warn(String(error)));
  });
  await client.start();
  return {
    restart: () => client.restart(),
    stop: async () => {
      await client.stop();
      await client.dispose();
    },
    request: (method, params) => client.sendRequest(method, params),
    notify: (method, params) => client.sendNotification(method, params),
    serverProcessId: () => client.serverProcess?.pid,
  };
}
