import type { LogOutputChannel } from 'vscode';
import type { KnownSecrets } from './known-secrets.ts';

/** What the bundle `language-client.cjs` exports; it is loaded when it is needed, so that nothing of it costs at the start. */
export interface LanguageClientModule {
  readonly startLanguageClient: (options: LanguageClientOptions) => Promise<RunningLanguageClient>;
}

export interface LanguageClientOptions {
  /** The path of the server's program. */
  readonly server: string;
  /** Where the server's words and the trace go. */
  readonly channel: LogOutputChannel;
  /** What each server is told when it runs, also one that was started again. */
  readonly knownSecrets: () => readonly KnownSecrets[];
}

export interface RunningLanguageClient {
  readonly restart: () => Promise<void>;
  /** Ends the server. */
  readonly stop: () => Promise<void>;
  readonly request: (method: string, params: unknown) => Promise<unknown>;
  readonly notify: (method: string, params: unknown) => Promise<void>;
  /** Undefined where no server runs. */
  readonly serverProcessId: () => number | undefined;
}
