import { join } from 'node:path';
import { Masker } from './masker.ts';
import { SecretFile, type SecretFileContent } from './secret-file.ts';

/** Before the names of environment variables that hold secrets: `SLUICE_SECRET_CRM_HOOK` is `secrets.CRM_HOOK`. */
export const secretVariablePrefix = 'SLUICE_SECRET_';

/**
 * Where a project keeps its secrets, relative to its folder: within the state folder, which git ignores and workflows
 * can't read.
 */
export const secretFilePath = join('.sluice', 'state', 'secrets.env');

export type SecretValue = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string };

export interface SecretSourceOptions {
  /** The project's folder, absolute. */
  readonly projectFolder: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A project's secrets: environment variables `SLUICE_SECRET_NAME`, and lines `NAME=value` of
 * `.sluice/state/secrets.env` (mode 0600). A variable wins over the file. Variables are read once, the file again
 * whenever it changes. An empty value counts as none.
 */
export class SecretSource {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #file: SecretFile;
  #masked: SecretFileContent | undefined;
  #masker = new Masker([]);
  /** All values ever read: what was a secret yesterday stands in records that are shown today. */
  readonly #everSeen = new Set<string>();

  constructor({ projectFolder, env = process.env }: SecretSourceOptions) {
    const variables = new Map<string, string>();
    for (const [name, value] of Object.entries(env)) {
      if (!name.startsWith(secretVariablePrefix) || value === undefined || value === '') continue;
      variables.set(name.slice(secretVariablePrefix.length), value);
    }
    this.#variables = variables;
    this.#file = new SecretFile(join(projectFolder, secretFilePath));
  }

  /** The value of one secret, or why there is none. The message never holds a value. */
  get(name: string): SecretValue {
    const variable = this.#variables.get(name);
    if (variable !== undefined) return { ok: true, value: variable };
    const content = this.#file.read();
    if (!content.ok) return content;
    const value = Object.hasOwn(content.values, name) ? content.values[name] : undefined;
    if (value !== undefined) return { ok: true, value };
    const remedy = `set the variable ${secretVariablePrefix}${name}, or add the line ${name}=... to ${this.#file.path}`;
    return { ok: false, message: `There is no secret ${name}: ${remedy}.` };
  }

  /** The names of all secrets, sorted. */
  names(): readonly string[] {
    const content = this.#file.read();
    return [...new Set([...this.#variables.keys(), ...Object.keys(content.ok ? content.values : {})])].sort();
  }

  /** Why the file isn't used, where it can't be. */
  problem(): string | undefined {
    const content = this.#file.read();
    return content.ok ? undefined : content.message;
  }

  /** Masks all values, those of earlier versions of the file too. The same object until the file changes. */
  masker(): Masker {
    const content = this.#file.read();
    if (content !== this.#masked) {
      for (const value of [...this.#variables.values(), ...Object.values(content.ok ? content.values : {})]) this.#everSeen.add(value);
      this.#masker = new Masker(this.#everSeen);
      this.#masked = content;
    }
    return this.#masker;
  }
}
