import * as vscode from 'vscode';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { schemes } from '../base/ids.ts';
import { firstChildRuns } from '../project/first-child-runs.ts';
import type { ProjectMirrorChange, Projects } from '../project/projects.ts';
import { documentUri, readDocumentUri, type DocumentSubject, type DocumentAddress } from './document-address.ts';
import { namedThings, attemptText, deliveryText, jobText, payloadText, runText } from './document-text.ts';
import type { Disposable } from '../base/signal.ts';
import { messageOf } from '../wording/client-fault-text.ts';
import { say } from '../wording/language.ts';

export interface DocumentProviderOptions {
  readonly projects: Projects;
  readonly subscriptions: Disposable[];
}

/** Runs, jobs, attempts and deliveries as documents to read. They follow what happens while they are open. */
export class DocumentProvider implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider {
  readonly #options: DocumentProviderOptions;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(options: DocumentProviderOptions) {
    this.#options = options;
  }

  register(): void {
    const options = this.#options;
    options.subscriptions.push(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(schemes.document, this),
      vscode.languages.registerDocumentLinkProvider({ scheme: schemes.document }, this),
      options.projects.onDidChangeMirror((change) => this.#follow(change)),
      // A document that VS Code restored before the daemon was reached says so, until it is.
      options.projects.onDidChangeState((project) => this.#refresh((address) => address.folder === project?.folder)),
    );
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const address = readDocumentUri(uri);
    if (address === undefined) return '';
    const daemon = this.#options.projects.get(address.folder)?.daemon;
    if (daemon === undefined) return `// ${say("The project's daemon is not connected.")}\n`;
    try {
      return await textOf(daemon, address.subject);
    } catch (error) {
      if (error instanceof CodedError) return `// ${messageOf(error)}\n`;
      throw error;
    }
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    const address = readDocumentUri(document.uri);
    if (address === undefined) return [];
    return namedThings(document.getText()).map(({ start, end, id }) => {
      const subject: DocumentSubject = id.startsWith('r') ? { kind: 'run', run: id } : { kind: 'job', job: id };
      return new vscode.DocumentLink(new vscode.Range(document.positionAt(start), document.positionAt(end)), vscode.Uri.from(documentUri({ folder: address.folder, subject })));
    });
  }

  #follow({ project, change }: ProjectMirrorChange): void {
    if (!change.all && change.runs.size + change.queues.size === 0) return;
    // Of a child run, or an old one, nothing is heard: it may have changed with anything.
    const isHeard = (run: string): boolean => project.mirror.run(run) !== undefined;
    this.#refresh(({ folder, subject }) => folder === project.folder && (change.all || subject.kind !== 'run' || !isHeard(subject.run) || change.runs.has(subject.run)));
  }

  /** Only what is looked at is read again. */
  #refresh(isMeant: (address: { readonly folder: string; readonly subject: DocumentSubject }) => boolean): void {
    for (const { document } of vscode.window.visibleTextEditors) {
      const address = readDocumentUri(document.uri);
      if (address !== undefined && isMeant(address)) this.#changed.fire(document.uri);
    }
  }
}

/** Child runs that the document of a run links to: those that failed, then those that are running, then others. */
const shownChildRuns = 20;

async function textOf(daemon: Daemon, subject: DocumentSubject): Promise<string> {
  if (subject.kind === 'run') {
    const run = await daemon.call('run/get', { id: subject.run });
    return runText(run, run.children === undefined ? [] : (await firstChildRuns(daemon, run.id, shownChildRuns)).runs);
  }
  if (subject.kind === 'delivery') return deliveryText(await daemon.call('delivery/get', { id: subject.delivery }));
  const job = await daemon.call('job/get', { id: subject.job });
  switch (subject.kind) {
    case 'job':
      return jobText(job);
    case 'attempt': {
      const attempt = job.attempts.find(({ number }) => number === subject.attempt);
      if (attempt === undefined) throw new CodedError('not-found', say('The job {job} has no attempt {attempt}.', { job: job.id, attempt: subject.attempt }));
      return attemptText(job, attempt);
    }
    case 'payload': {
      const { revision } = subject;
      return payloadText(revision === undefined ? job.payload : job.revisions.find((one) => one.revision === revision)?.payload);
    }
  }
}

/** Opens a document of ours. Answers with its URI. */
export async function showDocument(address: DocumentAddress): Promise<string> {
  const uri = vscode.Uri.from(documentUri(address));
  const opened = await vscode.workspace.openTextDocument(uri);
  const document = uri.path.endsWith('.jsonc') ? await vscode.languages.setTextDocumentLanguage(opened, 'jsonc') : opened;
  await vscode.window.showTextDocument(document, { preview: true });
  return uri.toString();
}

/** Texts that are made for looking: read-only, so that nobody is asked to save them, and forgotten when they are closed. */
export class ShownTexts implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #count = 0;

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(schemes.text, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === schemes.text) this.#texts.delete(uri.toString());
      }),
    );
  }

  /** `name`: of the tab. Returns its URI, which no other text has: VS Code would show what it knows of it already. */
  async show(name: string, text: string, options: Pick<vscode.TextDocumentShowOptions, 'preserveFocus'> = {}): Promise<string> {
    const uri = vscode.Uri.from({ scheme: schemes.text, path: `/${name}`, query: String(++this.#count) });
    this.#texts.set(uri.toString(), text);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true, viewColumn: vscode.ViewColumn.Beside, ...options });
    return uri.toString();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }
}
