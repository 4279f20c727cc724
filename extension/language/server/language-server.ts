import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  CodeActionKind,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  LSPErrorCodes,
  ResponseError,
  TextDocuments,
  TextDocumentSyncKind,
  type CancellationToken,
  type ClientCapabilities,
  type CompletionItem,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type Location,
  type LocationLink,
  type Position,
  type PrepareRenameResult,
  type Range,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import { codeActions, fixAllKind } from '../../../schemas/language/code-actions.ts';
import { diagnosticsOf } from '../../../schemas/language/diagnostics.ts';
import { documentLinks, findDefinition, findReferences, highlight } from '../../../schemas/language/navigation.ts';
import { documentSymbols, foldingRanges, selectionRange } from '../../../schemas/language/outline.ts';
import { inlayHints, type InlayHintOptions } from '../../../schemas/language/inlay-hints.ts';
import type { LanguageFile } from '../../../schemas/language/language-file.ts';
import { prepareRename, rename, type RenameRefusal } from '../../../schemas/language/rename.ts';
import { signatureHelp } from '../../../schemas/language/signature-help.ts';
import type { SourceRange } from '../../../schemas/workflow/diagnostic.ts';
import { isJsonObject } from '../../../schemas/workflow/json.ts';
import { lineStart } from '../../../schemas/workflow/line-map.ts';
import { knownSecretsNotification, type KnownSecrets } from '../known-secrets.ts';
import { completeAt, hoverAt, fitted, insertTextAbilities } from './completion.ts';
import { DiagnosticsPublisher, type Delay } from './diagnostics-publisher.ts';
import { Formatter, lineBreakOf } from './formatter.ts';
import { SchemaService } from './schema-service.ts';
import { Workspace, type Place, type Unit } from './workspace.ts';
import { english, type Language, languageOf } from '../../../schemas/wording/language.ts';

export interface LanguageServerOptions {
  readonly connection: Connection;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly delay: Delay;
  readonly nowMs: () => number;
  /** What hints with times go by: the time, and the reader's time zone. */
  readonly reader: () => InlayHintOptions;
}

/** A place in a document, found. */
interface Cursor extends Place {
  readonly offset: number;
}

/** What a client that can tell is asked to watch. */
const watched = ['**/.sluice/*.{yaml,yml}', '**/.sluice/workflows/*.{yaml,yml}', '**/*.sluice.{yaml,yml}', '**/.sluice/state/secrets.env'];

/**
 * The language server: what `schemas/language/` knows, and what the schemas say, over one connection.
 *
 * A question about a document that isn't open, or isn't ours, has an empty answer. A fault in a feature is logged, and its question has
 * an empty answer too: one broken feature takes no other with it.
 */
export class LanguageServer {
  readonly #options: LanguageServerOptions;
  readonly #connection: Connection;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #workspace: Workspace;
  readonly #publisher: DiagnosticsPublisher;
  #schemas = new SchemaService();
  readonly #formatter = new Formatter();
  #client: ClientCapabilities = {};
  #canSetSecrets = false;
  #language = english;
  /** The folders that the editor has open, as URIs. */
  #folders: readonly string[] = [];

  constructor(options: LanguageServerOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.#workspace = new Workspace(options.env);
    this.#publisher = new DiagnosticsPublisher({
      publish: (params) => this.#later(this.#connection.sendDiagnostics(params)),
      diagnose: (project, path) => diagnosticsOf(project, path, this.#language),
      versionOf: (uri) => this.#workspace.versionOf(uri),
      delay: options.delay,
      nowMs: options.nowMs,
      onFault: (error) => this.#fault('diagnostics', error),
    });
  }

  /** Listens until the connection ends. */
  start(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => {
      this.#watchFiles();
      this.#foldersOpened();
    });
    connection.onNotification(DidChangeWorkspaceFoldersNotification.type, ({ event: { added, removed } }) => {
      const gone = new Set(removed.map(({ uri }) => uri));
      this.#folders = [...this.#folders.filter((uri) => !gone.has(uri)), ...added.map(({ uri }) => uri)];
      this.#foldersOpened();
    });
    connection.onShutdown(() => this.#publisher.stop());
    connection.onDidChangeWatchedFiles(({ changes }) => this.#filesChanged(changes.map(({ uri }) => uri)));
    connection.onNotification(knownSecretsNotification, (params: unknown) => this.#secretsTold(params));
    this.#documents.onDidChangeContent(({ document }) => this.#shown(document));
    this.#documents.onDidClose(({ document }) => this.#touchWhen(this.#workspace.close(document.uri)));
    this.#documents.onDidSave(({ document }) => this.#filesChanged([document.uri]));
    this.#documents.listen(connection);
    this.#answerQuestions();
    connection.listen();
  }

  #initialize({ capabilities, initializationOptions, workspaceFolders, locale, ...older }: InitializeParams): InitializeResult {
    this.#client = capabilities;
    // Before LSP 3.6, editors had one folder.
    const { rootUri } = older as { readonly rootUri?: string | null };
    this.#folders = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri === undefined || rootUri === null ? [] : [rootUri]);
    this.#canSetSecrets = isJsonObject(initializationOptions) && initializationOptions['canSetSecrets'] === true;
    this.#language = toldLanguage(locale, initializationOptions);
    this.#schemas = new SchemaService(this.#language);
    return {
      serverInfo: { name: 'sluice', version: this.#options.version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        completionProvider: { triggerCharacters: ['.', '{', ' ', ':', '"', "'", '[', '('] },
        hoverProvider: true,
        signatureHelpProvider: { triggerCharacters: ['(', ','] },
        renameProvider: { prepareProvider: true },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind] },
        documentLinkProvider: {},
        inlayHintProvider: true,
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        documentSymbolProvider: true,
        documentFormattingProvider: true,
        foldingRangeProvider: true,
        selectionRangeProvider: true,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  #answerQuestions(): void {
    const connection = this.#connection;
    connection.onCompletion((params, token) => this.#at('completion', params, token, [], (cursor) => this.#complete(cursor, params.position)));
    connection.onHover((params, token) => this.#at('hover', params, token, null, async (cursor) => (await hoverAt(cursor, params.position, this.#schemas, this.#language)) ?? null));
    connection.onDefinition((params, token) => this.#at('definition', params, token, [], ({ project, path, offset }) => this.#asPlaces(findDefinition(project, path, offset))));
    connection.onReferences((params, token) => this.#at('references', params, token, [], ({ project, path, offset }) => findReferences(project, path, offset, params.context.includeDeclaration)));
    connection.onDocumentHighlight((params, token) => this.#at('highlight', params, token, [], ({ project, path, offset }) => highlight(project, path, offset)));
    connection.onSignatureHelp((params, token) => this.#at('signature', params, token, null, ({ project, path, offset }) => signatureHelp(project, path, offset, this.#language) ?? null));
    connection.onPrepareRename((params, token) => this.#at<PrepareRenameResult | ResponseError | null>('rename', params, token, null, ({ project, path, offset }) => {
      const place = prepareRename(project, path, offset);
      return place.ok ? { range: place.range, placeholder: place.placeholder } : refusal(place, this.#language);
    }));
    connection.onRenameRequest((params, token) => this.#at<WorkspaceEdit | ResponseError | null>('rename', params, token, null, ({ project, path, offset }) => {
      const result = rename(project, path, offset, params.newName);
      return result.ok ? result.edit : refusal(result, this.#language);
    }));
    connection.onCodeAction(({ textDocument: { uri }, range, context: { only } }, token) => this.#in('actions', uri, token, [], ({ project, path, file }) => codeActions(project, path, offsetsOf(file, range), { only, canSetSecrets: this.#canSetSecrets, language: this.#language })));
    connection.onDocumentLinks(({ textDocument: { uri } }, token) => this.#in('links', uri, token, [], ({ project, path }) => documentLinks(project, path)));
    connection.languages.inlayHint.on(({ textDocument: { uri }, range }, token) => this.#in('hints', uri, token, [], ({ project, path, file }) => inlayHints(project, path, offsetsOf(file, range), { ...this.#options.reader(), language: this.#language })));
    connection.onDocumentSymbol(({ textDocument: { uri } }, token) => this.#in('symbols', uri, token, [], ({ file }) => documentSymbols(file)));
    connection.onFoldingRanges(({ textDocument: { uri } }, token) => this.#in('folding', uri, token, [], ({ file }) => foldingRanges(file)));
    connection.onSelectionRanges(({ textDocument: { uri }, positions }, token) => this.#in('selection', uri, token, [], ({ file }) => positions.map((position) => selectionRange(file, file.offsetAt(position)))));
    connection.onDocumentFormatting(({ textDocument: { uri } }, token) => this.#in('formatting', uri, token, [], ({ file }) => this.#formatter.format(file, () => token.isCancellationRequested)));
  }

  /** Answers a question about a place of a document. */
  #at<Answer>(name: string, { textDocument, position }: { readonly textDocument: { readonly uri: string }; readonly position: Position }, token: CancellationToken, empty: Answer, answer: (cursor: Cursor) => Answer | Promise<Answer>): Promise<Answer | ResponseError> {
    return this.#in(name, textDocument.uri, token, empty, (place) => answer({ ...place, offset: place.file.offsetAt(position) }));
  }

  /** Answers a question about a document. */
  async #in<Answer>(name: string, uri: string, token: CancellationToken, empty: Answer, answer: (place: Place) => Answer | Promise<Answer>): Promise<Answer | ResponseError> {
    try {
      const place = await this.#workspace.find(uri);
      // Messages that came meanwhile are read first: one of them may call this off.
      await new Promise(setImmediate);
      if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, 'Called off.');
      return place === undefined ? empty : await answer(place);
    } catch (error) {
      this.#fault(name, error);
      return empty;
    }
  }

  async #complete(cursor: Cursor, position: Position): Promise<CompletionItem[]> {
    const items = await completeAt(cursor, position, this.#schemas, this.#language);
    const line = cursor.file.text.slice(lineStart(cursor.file.text, cursor.offset), cursor.offset);
    const abilities = insertTextAbilities(this.#client);
    const place = { line, lineBreak: lineBreakOf(cursor.file.text) };
    return items.map((item) => fitted(item, place, abilities));
  }

  /** Editors that know no links get the places that they lead to. */
  #asPlaces(links: LocationLink[]): LocationLink[] | Location[] {
    if (this.#client.textDocument?.definition?.linkSupport === true) return links;
    return links.map(({ targetUri, targetSelectionRange }) => ({ uri: targetUri, range: targetSelectionRange }));
  }

  #shown(document: TextDocument): void {
    const { uri, languageId, version } = document;
    this.#touchWhen(this.#workspace.show({ uri, languageId, version, text: document.getText() }));
  }

  #foldersOpened(): void {
    this.#touchAll(this.#workspace.openFolders(this.#folders));
  }

  #filesChanged(uris: readonly string[]): void {
    this.#touchAll(this.#workspace.filesChanged(uris));
  }

  #touchAll(found: Promise<readonly Unit[]>): void {
    this.#later(found.then((units) => units.forEach((unit) => this.#publisher.touch(unit))));
  }

  #secretsTold(params: unknown): void {
    const known = readKnownSecrets(params);
    const unit = known && this.#workspace.secretsTold(known);
    if (unit !== undefined) this.#publisher.touch(unit);
  }

  #touchWhen(found: Promise<Unit | undefined>): void {
    this.#later(found.then((unit) => unit && this.#publisher.touch(unit)));
  }

  /** A client that can't watch has its files read again when it saves one. */
  #watchFiles(): void {
    if (this.#client.workspace?.didChangeWatchedFiles?.dynamicRegistration !== true) return;
    const watchers = watched.map((globPattern) => ({ globPattern }));
    this.#later(this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }));
  }

  #later(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#fault('server', error));
  }

  #fault(name: string, error: unknown): void {
    this.#connection.console.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** Undefined for what is none: an editor may send anything. */
function readKnownSecrets(params: unknown): KnownSecrets | undefined {
  if (!isJsonObject(params)) return undefined;
  const { folder, names } = params;
  if (typeof folder !== 'string' || !Array.isArray(names)) return undefined;
  return { folder, names: names.filter((name) => typeof name === 'string') };
}

function refusal({ reason }: RenameRefusal, { textOf }: Language): ResponseError {
  return new ResponseError(LSPErrorCodes.RequestFailed, textOf(reason));
}

function offsetsOf(file: LanguageFile, { start, end }: Range): SourceRange {
  return { start: file.offsetAt(start), end: file.offsetAt(end) };
}

/**
 * The language that an editor asks for (`locale` of LSP 3.16), with `translations` of its `initializationOptions`: texts by their English patterns,
 * as `vscode.l10n.bundle` has them. English without them.
 */
function toldLanguage(locale = '', initializationOptions: unknown): Language {
  const translations = isJsonObject(initializationOptions) ? initializationOptions['translations'] : undefined;
  if (!isJsonObject(translations)) return english;
  const [canonical = english.locale] = canonicalLocales(locale);
  return languageOf(canonical, (pattern) => {
    const translated = Object.hasOwn(translations, pattern) ? translations[pattern] : undefined;
    return typeof translated === 'string' ? translated : pattern;
  });
}

/** Nothing for what is not a language tag (BCP 47). */
function canonicalLocales(locale: string): readonly string[] {
  try {
    return Intl.getCanonicalLocales(locale);
  } catch {
    return [];
  }
}
