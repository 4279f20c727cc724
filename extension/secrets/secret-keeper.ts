import type { Daemon } from '../../client/daemon-client.ts';
import { Signal, type Disposable } from '../base/signal.ts';
import type { workspace } from 'vscode';
import type { Log } from '../base/log.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import { messageOf } from '../wording/client-fault-text.ts';

/** Where VS Code keeps secrets, encrypted by the system; its `SecretStorage` has these methods. */
export interface SecretStore {
  keys(): Thenable<string[]>;
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/**
 * Secrets of projects, by the project's folder (as a URI) and the secret's name. They are kept by VS Code alone; a daemon gets them into its
 * memory when it is connected, and has forgotten them when it ends.
 */
export class SecretKeeper {
  readonly #store: SecretStore;
  readonly #changed = new Signal<string>();

  constructor(store: SecretStore) {
    this.#store = store;
  }

  /** Secrets of this folder were set or deleted. */
  get onDidChange(): Signal<string>['listen'] {
    return this.#changed.listen;
  }

  async names(folder: string): Promise<readonly string[]> {
    const prefix = keyOf(folder, '');
    return (await this.#store.keys()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)).sort();
  }

  async set(folder: string, name: string, value: string): Promise<void> {
    await this.#store.store(keyOf(folder, name), value);
    this.#changed.fire(folder);
  }

  async delete(folder: string, name: string): Promise<void> {
    await this.#store.delete(keyOf(folder, name));
    this.#changed.fire(folder);
  }

  /** Gives all of a project's to its daemon. Answers with their names. */
  async handOver(folder: string, daemon: Daemon): Promise<readonly string[]> {
    const handed: string[] = [];
    for (const name of await this.names(folder)) {
      const value = await this.#store.get(keyOf(folder, name));
      if (value === undefined) continue;
      await daemon.call('secret/set', { name, value, persist: false });
      handed.push(name);
    }
    return handed;
  }
}

/** A URI has no space in it. */
function keyOf(folder: string, name: string): string {
  return `secret ${folder} ${name}`;
}

export interface HandOverOptions {
  readonly projects: Projects;
  readonly secrets: SecretKeeper;
  readonly log: Log;
  readonly trust: Pick<typeof workspace, 'isTrusted' | 'onDidGrantWorkspaceTrust'>;
  readonly subscriptions: Disposable[];
}

/** Gives each daemon that is connected the secrets that are kept for its project. */
export function syncSecrets({ projects, secrets, log, trust, subscriptions }: HandOverOptions): void {
  const handOver = async ({ name, folder, daemon }: Project): Promise<void> => {
    // A folder that nobody trusts gets no secrets.
    if (daemon === undefined || !trust.isTrusted) return;
    try {
      const names = await secrets.handOver(folder, daemon);
      if (names.length > 0) log.info(`secrets for the daemon of ${name}: ${names.join(', ')}`);
    } catch (error) {
      log.warn(`secrets for the daemon of ${name}: ${messageOf(error)}`);
    }
  };
  subscriptions.push(
    projects.onDidChangeState((project) => {
      if (project?.connection.state.kind === 'connected') void handOver(project);
    }),
    trust.onDidGrantWorkspaceTrust(() => projects.all.forEach((project) => void handOver(project))),
  );
}
