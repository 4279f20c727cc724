import * as vscode from 'vscode';
import type { Daemon } from '../../client/daemon-client.ts';
import type { LaunchDaemon } from '../../client/daemon-launch.ts';
import { settings } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { MirrorChange } from '../mirror/mirror-change.ts';
import { Signal } from '../base/signal.ts';
import { Project } from './project.ts';
import { messageOf } from '../wording/client-fault-text.ts';

export interface ProjectsOptions {
  readonly log: Log;
  readonly version: string;
  readonly launch: LaunchDaemon;
}

export interface ProjectMirrorChange {
  readonly project: Project;
  readonly change: MirrorChange;
}

/** The projects of the window: one for each workspace folder on a disk. */
export class Projects implements vscode.Disposable {
  readonly #options: ProjectsOptions;
  readonly #byFolder = new Map<string, Project>();
  readonly #disposables: vscode.Disposable[] = [];
  readonly #stateChanged = new Signal<Project | undefined>();
  readonly #mirrorChanged = new Signal<ProjectMirrorChange>();
  readonly #filesChanged = new Signal<Project>();

  constructor(options: ProjectsOptions) {
    this.#options = options;
    for (const folder of vscode.workspace.workspaceFolders ?? []) this.#add(folder);
    this.#disposables.push(
      vscode.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const folder of removed) this.#remove(folder);
        for (const folder of added) this.#add(folder);
        this.#stateChanged.fire(undefined);
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.look()),
      // Anyone who works in a terminal or another window starts and stops daemons too, and a laptop wakes up.
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.look();
      }),
    );
  }

  /** The state of a connection changed; `undefined`: folders were added or removed. */
  get onDidChangeState(): Signal<Project | undefined>['listen'] {
    return this.#stateChanged.listen;
  }

  get onDidChangeMirror(): Signal<ProjectMirrorChange>['listen'] {
    return this.#mirrorChanged.listen;
  }

  /** A file in `.sluice/`, or a workflow elsewhere, was written, made or removed. */
  get onDidChangeFiles(): Signal<Project>['listen'] {
    return this.#filesChanged.listen;
  }

  /** Every workspace folder on a disk, in the order of the workspace. */
  get folders(): readonly Project[] {
    return (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => this.#byFolder.get(uri.toString()) ?? []);
  }

  /** Those with a `.sluice/` in them. */
  get all(): readonly Project[] {
    return this.folders.filter(({ isProject }) => isProject);
  }

  /** The window has folders, but none on a disk. */
  get isVirtual(): boolean {
    return (vscode.workspace.workspaceFolders ?? []).length > 0 && this.#byFolder.size === 0;
  }

  get(folder: string): Project | undefined {
    return this.#byFolder.get(folder);
  }

  /** The project that a file lies in. */
  ofFile(uri: vscode.Uri): Project | undefined {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder === undefined ? undefined : this.#byFolder.get(folder.uri.toString());
  }

  /** @throws CodedError where the folder's daemon can't be had, Error where the folder is gone */
  async daemonOf(folder: string): Promise<Daemon> {
    const project = this.#byFolder.get(folder);
    if (project === undefined) throw new Error(`The folder ${folder} is not open in this window.`);
    return project.connection.ensure();
  }

  /** Looks for daemons that run; starts one only where the settings say so. */
  look(): void {
    for (const { connection } of this.#byFolder.values()) this.#run(connection.look());
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** Resolves when every connection is closed. The daemons continue. */
  async close(): Promise<void> {
    await Promise.all([...this.#byFolder.values()].map((project) => project.dispose()));
    this.#byFolder.clear();
  }

  #add(folder: vscode.WorkspaceFolder): void {
    if (folder.uri.scheme !== 'file') return;
    const project = new Project({
      folder: folder.uri.toString(),
      name: folder.name,
      path: folder.uri.fsPath,
      version: this.#options.version,
      launch: this.#options.launch,
      log: this.#options.log,
      isTrusted: () => vscode.workspace.isTrusted,
      autoStart: () => vscode.workspace.getConfiguration(settings.section, folder.uri).get<boolean>(settings.autoStart, false),
    });
    this.#byFolder.set(project.folder, project);
    project.connection.onDidChange(() => this.#stateChanged.fire(project));
    project.mirror.onDidChange((change) => this.#mirrorChanged.fire({ project, change }));
    this.#watch(folder, project);
    this.#run(project.connection.look());
  }

  #watch(folder: vscode.WorkspaceFolder, project: Project): void {
    const look = (): void => this.#run(project.connection.look());
    const files = (): void => {
      look();
      this.#filesChanged.fire(project);
    };
    const watched: readonly (readonly [pattern: string, listener: () => void])[] = [
      ['.sluice/state/{daemon,last-stop}.json', look],
      ['.sluice/*.{yaml,yml}', files],
      ['.sluice/workflows/*.{yaml,yml}', files],
      ['**/*.sluice.yaml', files],
    ];
    for (const [pattern, listener] of watched) {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, pattern));
      watcher.onDidCreate(listener);
      watcher.onDidChange(listener);
      watcher.onDidDelete(listener);
      this.#disposables.push(watcher);
    }
  }

  #remove({ uri }: vscode.WorkspaceFolder): void {
    const project = this.#byFolder.get(uri.toString());
    this.#byFolder.delete(uri.toString());
    if (project !== undefined) this.#run(project.dispose());
  }

  #run(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.log.warn(messageOf(error)));
  }
}
