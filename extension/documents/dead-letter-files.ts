import * as vscode from 'vscode';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import type { Prompter, Asking } from '../ask/prompter.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { schemes } from '../base/ids.ts';
import { userName } from '../../platform/user-name.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import { Signal, type Disposable } from '../base/signal.ts';
import { documentUri, readDeadLetterUri, deadLetterUri } from './document-address.ts';
import { payloadText } from './document-text.ts';
import { readPayload, payloadSchemaText } from './payload-schema.ts';
import { inWords, messageOf } from '../wording/client-fault-text.ts';
import { say } from '../wording/language.ts';
import { askJob } from '../ask/pickers.ts';

export interface DeadLetterFilesOptions {
  readonly projects: Projects;
  /** Asked each time, because tests replace it. */
  readonly ask: () => Prompter;
  readonly log: vscode.LogOutputChannel;
  readonly subscriptions: Disposable[];
}

/** A payload as its editor shows it: the draft where there is one. */
interface Known {
  readonly job: JobDetail;
  readonly text: string;
  readonly revision: number;
  readonly savedAtMs: number;
}

/**
 * Payloads of dead letters as files that can be edited. To save one hands the edit to the daemon, as a draft that every window sees and every replay
 * sends. What was sent stays as it is, and can be compared with.
 */
export class DeadLetterFiles implements vscode.FileSystemProvider {
  readonly #options: DeadLetterFilesOptions;
  readonly #known = new Map<string, Known>();
  /** As the editor has it: what a person sees and edits. Behind `#known` while it is dirty and somebody else has saved. */
  readonly #shown = new Map<string, Known>();
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #statesChanged: Signal<void>;
  readonly onDidChangeFile = this.#changed.event;

  constructor(options: DeadLetterFilesOptions) {
    this.#options = options;
    this.#statesChanged = new Signal((error) => options.log.error(messageOf(error)));
    options.subscriptions.push(
      this.#changed,
      vscode.workspace.registerFileSystemProvider(schemes.deadLetter, this, { isCaseSensitive: true }),
      options.projects.onDidChangeMirror(({ project, change }) => {
        if (change.all || change.queues.size + change.runs.size > 0) void this.#follow(project);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#shown.delete(uri.toString());
        if (this.#known.delete(uri.toString())) this.#statesChanged.fire();
      }),
    );
  }

  /** The states of documents that are open have changed. */
  get onDidChangeStates(): Signal<void>['listen'] {
    return this.#statesChanged.listen;
  }

  /** Documents whose job is a dead letter now, and of these those that have a draft: URIs as texts. */
  states(): { readonly dead: readonly string[]; readonly edited: readonly string[] } {
    const dead = [...this.#known].filter(([, { job }]) => job.state === 'dead');
    return { dead: dead.map(([uri]) => uri), edited: dead.filter(([, { job }]) => job.draft !== undefined).map(([uri]) => uri) };
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    if (isFolder(uri)) return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    const newest = await this.#load(uri);
    // VS Code compares time and size before it saves, and overlooks an edit of the same length: what is dirty is compared by its revision, in `writeFile`.
    const { text, savedAtMs } = isDirty(uri) ? (this.#shown.get(uri.toString()) ?? newest) : newest;
    const { job } = newest;
    return {
      type: vscode.FileType.File,
      ctime: Date.parse(job.createdAt),
      mtime: savedAtMs,
      size: Buffer.byteLength(text),
      ...(job.state === 'dead' ? {} : { permissions: vscode.FilePermission.Readonly }),
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const known = await this.#load(uri);
    if (!isDirty(uri)) this.#shown.set(uri.toString(), known);
    return Buffer.from(known.text);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    if (!vscode.workspace.isTrusted) throw vscode.FileSystemError.NoPermissions(say('Sluice saves nothing in Restricted Mode.'));
    const { job } = await this.#load(uri);
    if (job.state !== 'dead') throw vscode.FileSystemError.NoPermissions(say('{job} is no longer a dead letter.', { job: job.id }));
    const edit = readPayload(Buffer.from(content).toString('utf8'));
    if (!edit.ok) throw new Error(edit.message);
    const known = this.#keep(uri, await inWords(this.#save(uri, job.id, edit.payload)));
    this.#shown.set(uri.toString(), known);
    this.#tell(uri);
  }

  /** Where somebody else has saved, sent or dropped an edit since it was opened, a person decides. */
  async #save(uri: vscode.Uri, job: string, payload: JsonObject): Promise<JobDetail> {
    const daemon = this.#daemonOf(uri);
    const edit = { id: job, payload, savedBy: userName() };
    try {
      const shown = this.#shown.get(uri.toString());
      return await daemon.call('draft/save', { ...edit, ...(shown === undefined ? {} : { baseRevision: shown.revision }) });
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'conflict') throw error;
      const { revisions } = await daemon.call('job/get', { id: job });
      const theirs = revisions.at(-1)?.revision ?? 1;
      const overwrite = say('Overwrite');
      const compare = say('Compare');
      const detail = say('Overwrite saves yours in its place. Compare saves nothing, and shows theirs beside yours.');
      const chosen = await this.#options.ask().decide({ question: messageOf(error), detail, verb: overwrite }, compare);
      if (chosen === overwrite) return daemon.call('draft/save', { ...edit, baseRevision: theirs });
      if (chosen === compare) void this.#compare(uri, job, theirs);
      throw new Error(say('The edit of {job} was not saved.', { job }), { cause: error });
    }
  }

  async #compare(uri: vscode.Uri, job: string, revision: number): Promise<void> {
    const folder = readDeadLetterUri(uri)?.folder ?? '';
    const theirs = vscode.Uri.from(documentUri({ folder, subject: { kind: 'payload', job, revision } }));
    await vscode.commands.executeCommand('vscode.diff', theirs, uri, say('{job}: theirs ↔ yours', { job }));
  }

  /** The daemon has other things to say about it now: it was replayed, or its draft was dropped. */
  async changed(uri: vscode.Uri): Promise<void> {
    if (this.#known.has(uri.toString())) await this.#load(uri);
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

  /** What is open follows its job: somebody else may have saved, replayed or discarded it. */
  async #follow({ folder, daemon }: Project): Promise<void> {
    if (daemon === undefined) return;
    for (const [key, before] of [...this.#known]) {
      const uri = vscode.Uri.parse(key, true);
      if (readDeadLetterUri(uri)?.folder !== folder) continue;
      try {
        const after = this.#keep(uri, await daemon.call('job/get', { id: before.job.id }));
        if (after.text !== before.text || after.revision !== before.revision || after.job.state !== before.job.state) this.#tell(uri);
      } catch (error) {
        // It was deleted with its run, or the connection is lost: what is shown stays as it is.
        if (!(error instanceof CodedError)) this.#options.log.error(messageOf(error));
      }
    }
  }

  async #load(uri: vscode.Uri): Promise<Known> {
    const address = readDeadLetterUri(uri);
    if (address === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const known = this.#known.get(uri.toString());
    if (this.#options.projects.get(address.folder)?.daemon === undefined && known !== undefined) return known;
    return this.#keep(uri, await inWords(this.#daemonOf(uri).call('job/get', { id: address.job })));
  }

  #keep(uri: vscode.Uri, job: JobDetail): Known {
    const shown = job.revisions.at(-1);
    const known: Known = {
      job,
      text: payloadText(shown?.payload ?? job.payload),
      revision: shown?.revision ?? 1,
      savedAtMs: Date.parse(shown?.createdAt ?? job.createdAt),
    };
    const key = uri.toString();
    const before = this.#known.get(key)?.job;
    this.#known.set(key, known);
    if (before?.state !== job.state || before.draft?.revision !== job.draft?.revision) this.#statesChanged.fire();
    return known;
  }

  #daemonOf(uri: vscode.Uri): Daemon {
    const daemon = this.#options.projects.get(readDeadLetterUri(uri)?.folder ?? '')?.daemon;
    if (daemon === undefined) throw vscode.FileSystemError.Unavailable(say("The project's daemon is not connected."));
    return daemon;
  }

  #tell(uri: vscode.Uri): void {
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }
}

/** Of its path: VS Code looks for the folders of a file before it writes it. */
function isFolder({ path }: vscode.Uri): boolean {
  return !path.endsWith('.json');
}

function isDirty(uri: vscode.Uri): boolean {
  return vscode.workspace.textDocuments.some((document) => document.isDirty && document.uri.toString() === uri.toString());
}

/** Hands the schemas of actions' inputs to VS Code's JSON support, which checks and completes payloads of dead letters with them. */
export function registerPayloadSchemas(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(schemes.schema, { provideTextDocumentContent: ({ path }) => payloadSchemaText(path) });
}

export interface SelectedDeadLetter {
  readonly folder: string;
  readonly job: string;
  /** Of its editable payload. */
  readonly uri: vscode.Uri;
}

/** The dead letter that a command is about: the row or the document that it was called on, the one in the editor, or the one that is chosen. */
export async function askDeadLetter(asking: Asking, argument: unknown, placeHolder: string): Promise<SelectedDeadLetter | undefined> {
  const open = argument instanceof vscode.Uri ? argument : argument === undefined ? vscode.window.activeTextEditor?.document.uri : undefined;
  const opened = open === undefined ? undefined : readDeadLetterUri(open);
  if (open !== undefined && opened !== undefined) return { ...opened, uri: open };
  const asked = await askJob(asking, argument, placeHolder, ['dead']);
  if (asked === undefined) return undefined;
  const { folder, connection } = asked.project;
  const job = await (await connection.ensure()).call('job/get', { id: asked.job });
  return { folder, job: job.id, uri: vscode.Uri.from(deadLetterUri(folder, job)) };
}
