import { createRequire } from 'node:module';
import * as vscode from 'vscode';
import type { LogOutputChannel } from 'vscode';
import { languageId, settings } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Disposable } from '../base/signal.ts';
import { type KnownSecrets, knownSecretsNotification } from './known-secrets.ts';
import { messageOf } from '../wording/client-fault-text.ts';

export interface LanguageSupportOptions {
  readonly log: Log;
  /** Paths of the bundle with the client, and of the server's program. */
  readonly client: string;
  readonly server: string;
}

/** How long after a project was found its files are looked at: the window, its views and the connection come first. */
const settleMs = 2_000;

/**
 * Starts the language server immediately when a document of ours is opened, and otherwise a moment after the window has a project, so that problems of
 * files that nobody has opened are shown as well. It works in Restricted Mode too: it reads files and runs none of them. It never starts a daemon.
 */
export class LanguageSupport {
  readonly #options: LanguageSupportOptions;
  readonly #listening: Disposable[] = [];
  readonly #knownSecrets = new Map<string, KnownSecrets>();
  #channel: vscode.LogOutputChannel | undefined;
  #client: Promise<RunningLanguageClient | undefined> | undefined;
  #settling: NodeJS.Timeout | undefined;
  #hasProject = false;

  constructor(options: LanguageSupportOptions) {
    this.#options = options;
  }

  start(): void {
    this.#listening.push(
      vscode.workspace.onDidOpenTextDocument(() => this.#startWhenNeeded()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(`${settings.section}.${settings.languageServer}`)) void this.#follow();
      }),
    );
    this.#startWhenNeeded();
  }

  /** The window has a project. */
  expectProject(): void {
    this.#settling ??= setTimeout(() => {
      this.#hasProject = true;
      this.#startWhenNeeded();
    }, settleMs);
  }

  /** The client; undefined if it is switched off, not needed yet, or could not be started. */
  get client(): Promise<RunningLanguageClient | undefined> {
    return this.#client ?? Promise.resolve(undefined);
  }

  /** Reaches the server that runs, and each that is started later; none is started for it. */
  publishSecretNames(known: KnownSecrets): void {
    this.#knownSecrets.set(known.folder, known);
    this.client.then((client) => client?.notify(knownSecretsNotification, known)).catch((error: unknown) => this.#options.log.warn(messageOf(error)));
  }

  async restart(): Promise<void> {
    const client = await this.#client;
    if (client !== undefined) return client.restart();
    this.#client = undefined;
    this.#startWhenNeeded();
    await this.client;
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    clearTimeout(this.#settling);
    for (const listener of this.#listening.splice(0)) listener.dispose();
    await this.#end();
    this.#channel?.dispose();
  }

  #startWhenNeeded(): void {
    if (this.#client !== undefined || !this.#isWanted()) return;
    if (!this.#hasProject && !vscode.workspace.textDocuments.some((document) => document.languageId === languageId)) return;
    this.#client = this.#load().catch((error: unknown) => {
      this.#options.log.error(`The language server could not be started: ${messageOf(error)}`);
      return undefined;
    });
  }

  async #load(): Promise<RunningLanguageClient> {
    const { client, server, log } = this.#options;
    const startedAtMs = performance.now();
    // By path, not by import: it is a bundle beside this one.
    const { startLanguageClient } = createRequire(client)(client) as LanguageClientModule;
    this.#channel ??= vscode.window.createOutputChannel('Sluice Language Server', { log: true });
    const running = await startLanguageClient({ server, channel: this.#channel, knownSecrets: () => [...this.#knownSecrets.values()] });
    log.info(`language server ready after ${(performance.now() - startedAtMs).toFixed(0)} ms`);
    return running;
  }

  async #follow(): Promise<void> {
    if (this.#isWanted()) this.#startWhenNeeded();
    else await this.#end();
  }

  async #end(): Promise<void> {
    const client = await this.#client;
    this.#client = undefined;
    await client?.stop().catch((error: unknown) => this.#options.log.warn(messageOf(error)));
  }

  #isWanted(): boolean {
    return vscode.workspace.getConfiguration(settings.section).get<boolean>(settings.languageServer, true);
  }
}

/** What the bundle `language-client.cjs` exports; it is loaded when it is needed, so that nothing of it costs at the start. */
interface LanguageClientModule {
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
  /** Undefined if no server runs. */
  readonly serverProcessId: () => number | undefined;
}
