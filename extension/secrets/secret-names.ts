import type { Log } from '../base/log.ts';
import type { Disposable, Signal } from '../base/signal.ts';
import type { LanguageSupport } from '../language/language-support.ts';
import type { Project } from '../project/project.ts';
import { messageOf } from '../wording/client-fault-text.ts';
import type { SecretKeeper } from './secret-keeper.ts';

export interface TellSecretsOptions {
  /** The window's. */
  readonly projects: {
    readonly all: readonly SecretsProject[];
    readonly get: (folder: string) => SecretsProject | undefined;
    readonly onDidChangeState: Signal<SecretsProject | undefined>['listen'];
  };
  /** The person has been where secrets can be set: another window, or a terminal. */
  readonly onMayBeStale: Signal<void>['listen'];
  readonly secrets: Pick<SecretKeeper, 'names' | 'onDidChange'>;
  readonly language: Pick<LanguageSupport, 'publishSecretNames'>;
  readonly log: Pick<Log, 'warn'>;
  readonly subscriptions: Disposable[];
}

/** What is needed of a project here. */
export type SecretsProject = Pick<Project, 'folder' | 'name' | 'daemon'>;

/**
 * Tells the language server the names of secrets that VS Code keeps, and those of daemons that are connected. None is started for it. A daemon
 * doesn't tell of secrets that others set, so it is asked again whenever that may have happened.
 */
export function publishSecretNames({ projects, onMayBeStale, secrets, language, log, subscriptions }: TellSecretsOptions): void {
  const latest = new Map<string, number>();
  // While a daemon is away, what it had counts: it mostly comes back with the same.
  const listed = new Map<string, readonly string[]>();
  const told = new Map<string, string>();
  const tell = async (project: SecretsProject | undefined): Promise<void> => {
    if (project === undefined) return;
    const { folder, name, daemon } = project;
    const turn = (latest.get(folder) ?? 0) + 1;
    latest.set(folder, turn);
    try {
      const kept = await secrets.names(folder);
      const heard = daemon === undefined ? listed.get(folder) : (await daemon.call('secret/list', {})).secrets.map((secret) => secret.name);
      // An answer that a later one has overtaken is old.
      if (latest.get(folder) !== turn) return;
      if (heard !== undefined) listed.set(folder, heard);
      const names = [...new Set([...kept, ...(heard ?? [])])].sort();
      // The server checks every file again for it.
      if (told.get(folder) === names.join()) return;
      told.set(folder, names.join());
      language.publishSecretNames({ folder, names });
    } catch (error) {
      log.warn(`names of the secrets of ${name}: ${messageOf(error)}`);
    }
  };
  subscriptions.push(
    projects.onDidChangeState((project) => void tell(project)),
    onMayBeStale(() => projects.all.forEach((project) => void tell(project))),
    secrets.onDidChange((folder) => void tell(projects.get(folder))),
  );
}

/** Names of secrets that a text refers to (`${{ secrets.ERP_TOKEN }}`), each once. A comment may name one too, which does no harm here. */
export function namedSecrets(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1] ?? ''))];
}
