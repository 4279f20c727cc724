import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { schemes } from '../ids.ts';
import type { Projects } from '../project/projects.ts';
import type { Disposable } from '../signal.ts';
import { readDeadLetterUri } from './document-address.ts';
import { payloadText } from './document-text.ts';
import type { Drafts } from './drafts.ts';

export interface DeadLetterFilesOptions {
  readonly projects: Projects;
  readonly drafts: Drafts;
  readonly subscriptions: Disposable[];
}

interface Known {
  readonly job: JobDetail;
  readonly text: string;
}

/**
 * Payloads of dead letters as files that can be edited. To save one keeps the text as a draft in this workspace; the daemon learns of it
 * when it is replayed. What the daemon has stays as it is, and can be compared with.
 */
export class DeadLetterFiles implements vscode.FileSystemProvider {
  readonly #options: DeadLetterFilesOptions;
  readonly #known = new Map<string, Known>();
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  constructor(options: DeadLetterFilesOptions) {
    this.#options = options;
    options.subscriptions.push(this.#changed, vscode.workspace.registerFileSystemProvider(schemes.deadLetter, this, { isCaseSensitive: true }));
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { job, text } = await this.#load(uri);
    const draft = this.#options.drafts.get(uri.toString());
    return {
      type: vscode.FileType.File,
      ctime: Date.parse(job.createdAt),
      mtime: draft?.savedAtMs ?? Date.parse(job.revisions.at(-1)?.createdAt ?? job.createdAt),
      size: Buffer.byteLength(draft?.text ?? text),
      ...(job.state === 'dead' ? {} : { permissions: vscode.FilePermission.Readonly }),
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { text } = await this.#load(uri);
    return Buffer.from(this.#options.drafts.get(uri.toString())?.text ?? text);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const { job, text } = await this.#load(uri);
    if (job.state !== 'dead') throw vscode.FileSystemError.NoPermissions(l10n.t('{0} is no dead letter any more.', job.id));
    const edited = Buffer.from(content).toString('utf8');
    if (edited === text) await this.#options.drafts.delete(uri.toString());
    else await this.#options.drafts.set(uri.toString(), edited);
    this.#tell(uri);
  }

  /** The daemon has other things to say about it now: it was replayed, or its draft was dropped. */
  async changed(uri: vscode.Uri): Promise<void> {
    await this.#options.drafts.delete(uri.toString());
    this.#known.delete(uri.toString());
    this.#tell(uri);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  async #load(uri: vscode.Uri): Promise<Known> {
    const address = readDeadLetterUri(uri);
    if (address === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const daemon = this.#options.projects.get(address.folder)?.daemon;
    const known = this.#known.get(uri.toString());
    if (daemon === undefined) {
      if (known !== undefined) return known;
      throw vscode.FileSystemError.Unavailable(l10n.t("The project's daemon is not connected."));
    }
    const job = await daemon.call('job/get', { id: address.job });
    const loaded = { job, text: payloadText(job.payload) };
    this.#known.set(uri.toString(), loaded);
    return loaded;
  }

  #tell(uri: vscode.Uri): void {
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }
}
