import * as vscode from 'vscode';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { schemes } from '../base/ids.ts';
import type { ProjectMirrorChange, Projects } from '../project/projects.ts';
import { documentUri, readDocumentUri, type DocumentSubject } from './document-address.ts';
import { namedThings } from './document-links.ts';
import { attemptText, deliveryText, jobText, payloadText, runText } from './document-text.ts';
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
    if (!change.all && change.runs.size === 0) return;
    this.#refresh(({ folder, subject }) => folder === project.folder && (change.all || subject.kind !== 'run' || change.runs.has(subject.run)));
  }

  /** Only what is looked at is read again. */
  #refresh(isMeant: (address: { readonly folder: string; readonly subject: DocumentSubject }) => boolean): void {
    for (const { document } of vscode.window.visibleTextEditors) {
      const address = readDocumentUri(document.uri);
      if (address !== undefined && isMeant(address)) this.#changed.fire(document.uri);
    }
  }
}

async function textOf(daemon: Daemon, subject: DocumentSubject): Promise<string> {
  if (subject.kind === 'run') return runText(await daemon.call('run/get', { id: subject.run }));
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
