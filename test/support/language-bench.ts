/** The language server over streams in memory, as an editor talks to it. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  createConnection,
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DidSaveTextDocumentNotification,
  FileChangeType,
  InitializedNotification,
  InitializeRequest,
  InsertTextMode,
  LogMessageNotification,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type ClientCapabilities,
  type Diagnostic,
  type InitializeResult,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Registration,
  type TextDocumentPositionParams,
} from 'vscode-languageserver/node';
import { LanguageServer } from '../../extension/language/server/language-server.ts';
import type { Delay } from '../../extension/language/server/diagnostics-publisher.ts';
import { LineMap } from '../../schemas/workflow/line-map.ts';

export interface LanguageBenchOptions {
  /** Files of the project by path; a folder of its own is made for them. */
  readonly files?: Readonly<Record<string, string>>;
  readonly capabilities?: ClientCapabilities;
  readonly env?: NodeJS.ProcessEnv;
  readonly delay?: Delay;
  /** The files are there before the server starts. */
  readonly writeFirst?: boolean;
  /** Whether the editor has the project's folder open, and not its files alone. */
  readonly hasFolder?: boolean;
  /** What the editor speaks, and the translations that it brings along. */
  readonly language?: { readonly locale: string; readonly translations: Readonly<Record<string, string>> };
}

/** What editors commonly say they can do. */
export const editorCapabilities: ClientCapabilities = {
  textDocument: { completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'], insertTextModeSupport: { valueSet: [InsertTextMode.asIs, InsertTextMode.adjustIndentation] } } }, definition: { linkSupport: true } },
  workspace: { didChangeWatchedFiles: { dynamicRegistration: true } },
};

/** The cursor in a marked text. */
export const cursor = '‸';

export class LanguageBench {
  readonly folder: string;
  readonly client: ProtocolConnection;
  readonly capabilities: InitializeResult['capabilities'];
  /** What the server asked to be told of. */
  readonly registrations: readonly Registration[];
  /** What the server logged as errors. */
  readonly faults: readonly string[];
  readonly #texts = new Map<string, { version: number; text: string }>();
  readonly #versions = new Map<string, number>();
  readonly #published = new Map<string, PublishDiagnosticsParams>();
  readonly #waiting: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  static async start({ files = {}, capabilities = editorCapabilities, env = {}, delay = soon, writeFirst = false, hasFolder = true, language }: LanguageBenchOptions = {}): Promise<LanguageBench> {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-language-')));
    if (writeFirst) for (const [file, text] of Object.entries(files)) await writeInto(folder, file, text);
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    new LanguageServer({ connection: createConnection(toServer, toClient), version: '1.2.3', env, delay, nowMs: () => performance.now(), reader: () => ({ now: Date.UTC(2026, 0, 5, 9), timeZone: 'Europe/Berlin' }) }).start();
    const client = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
    const registrations: Registration[] = [];
    const faults: string[] = [];
    client.onRequest(RegistrationRequest.type, ({ registrations: some }) => void registrations.push(...some));
    client.onNotification(LogMessageNotification.type, ({ message }) => void faults.push(message));
    client.listen();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it must be there all the same
    const { capabilities: offered } = await client.sendRequest(InitializeRequest.type, { processId: null, rootUri: null, capabilities, ...(language === undefined ? {} : { locale: language.locale }), initializationOptions: { canSetSecrets: true, ...(language === undefined ? {} : { translations: language.translations }) }, workspaceFolders: hasFolder ? [{ uri: pathToFileURL(folder).href, name: 'project' }] : null });
    await client.sendNotification(InitializedNotification.type, {});
    const bench = new LanguageBench(folder, client, offered, registrations, faults);
    if (!writeFirst) for (const [file, text] of Object.entries(files)) await bench.write(file, text);
    return bench;
  }

  private constructor(folder: string, client: ProtocolConnection, capabilities: InitializeResult['capabilities'], registrations: readonly Registration[], faults: readonly string[]) {
    this.folder = folder;
    this.client = client;
    this.capabilities = capabilities;
    this.registrations = registrations;
    this.faults = faults;
    client.onNotification(PublishDiagnosticsNotification.type, (params) => {
      this.#published.set(params.uri, params);
      this.#wake();
    });
  }

  /** Ends the server and removes the folder. */
  async stop(): Promise<void> {
    await this.client.sendRequest(ShutdownRequest.type, undefined);
    this.client.dispose();
    await rm(this.folder, { recursive: true, force: true });
  }

  uri(file: string): string {
    return file.includes(':') ? file : pathToFileURL(path.join(this.folder, file)).href;
  }

  /** Writes a file of the project, without a word to the server. */
  async write(file: string, text: string): Promise<void> {
    await writeInto(this.folder, file, text);
  }

  /** Opens a document, whose text may have a cursor in it; resolves to the cursor's place. */
  async open(file: string, marked: string, languageId = 'sluice'): Promise<Position> {
    const { text, position } = withCursor(marked);
    const uri = this.uri(file);
    // What is still on its way for an earlier text of the same file must not be taken for this one's.
    const version = this.#nextVersion(uri);
    this.#texts.set(uri, { version, text });
    await this.client.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId, version, text } });
    return position;
  }

  /** Replaces what stands between two offsets, as typing does. */
  async edit(file: string, start: number, end: number, newText: string): Promise<void> {
    const uri = this.uri(file);
    const known = this.#texts.get(uri) ?? { text: '' };
    const range = { start: positionAt(known.text, start), end: positionAt(known.text, end) };
    const next = { version: this.#nextVersion(uri), text: known.text.slice(0, start) + newText + known.text.slice(end) };
    this.#texts.set(uri, next);
    await this.client.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version: next.version }, contentChanges: [{ range, text: newText }] });
  }

  /** Replaces the whole text; resolves to the cursor's place. */
  async replace(file: string, marked: string): Promise<Position> {
    const { text, position } = withCursor(marked);
    await this.edit(file, 0, this.textOf(file).length, text);
    return position;
  }

  textOf(file: string): string {
    return this.#texts.get(this.uri(file))?.text ?? '';
  }

  async save(file: string): Promise<void> {
    await this.client.sendNotification(DidSaveTextDocumentNotification.type, { textDocument: { uri: this.uri(file) } });
  }

  async close(file: string): Promise<void> {
    this.#texts.delete(this.uri(file));
    await this.client.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri: this.uri(file) } });
  }

  /** Tells the server that a file on disk was changed. */
  async fileChanged(file: string, type: FileChangeType = FileChangeType.Changed): Promise<void> {
    await this.client.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri: this.uri(file), type }] });
  }

  at(file: string, position: Position): TextDocumentPositionParams {
    return { textDocument: { uri: this.uri(file) }, position };
  }

  /** The diagnostics of a document as it stands now. */
  async diagnostics(file: string): Promise<readonly Diagnostic[]> {
    const version = this.#texts.get(this.uri(file))?.version;
    return (await this.published(file, (params) => params.version === version)).diagnostics;
  }

  /** The first diagnostics of a file, from now on or published already, that are as they are wanted. */
  async published(file: string, isWanted: (params: PublishDiagnosticsParams) => boolean): Promise<PublishDiagnosticsParams> {
    const uri = this.uri(file);
    const find = (): PublishDiagnosticsParams | undefined => {
      const params = this.#published.get(uri);
      return params !== undefined && isWanted(params) ? params : undefined;
    };
    if (find() === undefined) await new Promise<void>((resolve) => this.#waiting.push({ isDone: () => find() !== undefined, resolve }));
    return find() ?? { uri, diagnostics: [] };
  }

  #nextVersion(uri: string): number {
    const version = (this.#versions.get(uri) ?? 0) + 1;
    this.#versions.set(uri, version);
    return version;
  }

  #wake(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.isDone()) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

async function writeInto(folder: string, file: string, text: string): Promise<void> {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}

/** No waiting: diagnostics come in the next turn. */
function soon(run: () => void): () => void {
  const immediate = setImmediate(run);
  return () => clearImmediate(immediate);
}

/** A text without its cursor, and where that was; at the end if there is none. */
export function withCursor(marked: string): { readonly text: string; readonly position: Position; readonly offset: number } {
  const offset = marked.indexOf(cursor);
  const text = offset === -1 ? marked : marked.slice(0, offset) + marked.slice(offset + cursor.length);
  const at = offset === -1 ? text.length : offset;
  return { text, position: positionAt(text, at), offset: at };
}

function positionAt(text: string, offset: number): Position {
  const { line, column } = new LineMap(text).positionAt(offset);
  return { line: line - 1, character: column - 1 };
}
