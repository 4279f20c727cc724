import { join } from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { SecretPlace, SecretView } from '../../schemas/protocol/secret.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { Masker } from './masker.ts';
import { SecretFile, type SecretFileContent } from './secret-file.ts';

/** Before the names of environment variables that hold secrets: `SLUICE_SECRET_CRM_HOOK` is `secrets.CRM_HOOK`. */
export const secretVariablePrefix = 'SLUICE_SECRET_';

/**
 * Where a project keeps its secrets, relative to its folder: within the state folder, which git ignores and workflows
 * can't read.
 */
export const secretFilePath = join('.sluice', 'state', 'secrets.env');

/** Tokens of a connection that are masked: a connection has new ones for as long as the daemon lives. */
const keptTokens = 12;

export type SecretValue =
  | { readonly ok: true; readonly value: string }
  /** `lacks`: the machine could not read them just now; the system's code. */
  | { readonly ok: false; readonly message: string; readonly lacks?: string };

export interface SecretSourceOptions {
  /** The project's folder, absolute. */
  readonly projectFolder: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A project's secrets: environment variables `SLUICE_SECRET_NAME`, values that a client has handed over and that are held in
 * memory alone, and lines `NAME=value` of `.sluice/state/secrets.env` (mode 0600); the first that has a name wins. Variables
 * are read once, the file again whenever it changes. An empty value counts as none.
 */
export class SecretSource {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #held = new Map<string, string>();
  readonly #file: SecretFile;
  #masked: SecretFileContent | undefined;
  #masker = new Masker([]);
  /** By connection: the tokens that it had last. */
  readonly #tokens = new Map<string, readonly string[]>();
  /** All values ever read: what was a secret yesterday is in records that are shown today. */
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
    const held = this.#held.get(name);
    if (held !== undefined) return { ok: true, value: held };
    const content = this.#file.read();
    if (!content.ok) return content;
    const value = Object.hasOwn(content.values, name) ? content.values[name] : undefined;
    if (value !== undefined) return { ok: true, value };
    const remedy = `run \`sluice secrets set ${name}\`, set the variable ${secretVariablePrefix}${name}, or add the line ${name}=... to ${this.#file.path}`;
    return { ok: false, message: `There is no secret ${name}: ${remedy}.` };
  }

  /** The names of all secrets, sorted. */
  names(): readonly string[] {
    return [...new Set([...this.#variables.keys(), ...this.#held.keys(), ...Object.keys(this.#fileValues())])].sort();
  }

  /** The names of all secrets, sorted, and where each comes from. */
  list(): readonly SecretView[] {
    return this.names().map((name) => ({ name, from: this.placeOf(name) ?? 'file' }));
  }

  /** Where the value of a secret comes from; undefined if there is none. */
  placeOf(name: string): SecretPlace | undefined {
    if (this.#variables.has(name)) return 'environment';
    if (this.#held.has(name)) return 'memory';
    return Object.hasOwn(this.#fileValues(), name) ? 'file' : undefined;
  }

  /** Takes a value that is kept in memory alone, until the daemon ends. @throws CodedError `wrong-state` where a variable wins over it */
  hold(name: string, value: string): void {
    this.#refuseVariable(name);
    this.#held.set(name, value);
    this.#renewMasker();
  }

  /** Writes a value into the file. @throws CodedError `wrong-state` where a variable wins over it, or the file can't be used */
  keep(name: string, value: string): void {
    this.#refuseVariable(name);
    this.#file.set(name, value);
    this.#held.delete(name);
    this.#renewMasker();
  }

  /** Forgets a value, in memory and in the file. @throws CodedError `not-found`, or `wrong-state` where a variable has it */
  delete(name: string): void {
    this.#refuseVariable(name);
    if (this.placeOf(name) === undefined) throw new CodedError('not-found', message('There is no secret {name}.', { name }));
    if (Object.hasOwn(this.#fileValues(), name)) this.#file.set(name, undefined);
    this.#held.delete(name);
    this.#renewMasker();
  }

  #refuseVariable(name: string): void {
    if (!this.#variables.has(name)) return;
    const variable = `${secretVariablePrefix}${name}`;
    throw new CodedError(
      'wrong-state',
      sentences(message("{name} can't be changed here: the variable {variable} of the daemon has it, and wins.", { name, variable }), message('Change it there, and restart the daemon.')),
    );
  }

  #fileValues(): Readonly<Record<string, string>> {
    const content = this.#file.read();
    return content.ok ? content.values : {};
  }

  #renewMasker(): void {
    this.#masked = undefined;
  }

  /** Why the file isn't used, where it can't be. */
  problem(): string | undefined {
    const content = this.#file.read();
    return content.ok ? undefined : content.message;
  }

  /** Masks further values from now on, such as a password that isn't one of the secrets. */
  alsoMask(values: Iterable<string>): void {
    for (const value of values) this.#everSeen.add(value);
    this.#renewMasker();
  }

  /** Masks tokens of a connection, and those that it had before, as far back as texts that are being written could have them. */
  maskTokens(connection: string, tokens: readonly string[]): void {
    const known = this.#tokens.get(connection) ?? [];
    if (tokens.every((token) => known.includes(token))) return;
    this.#tokens.set(connection, [...new Set([...tokens, ...known])].slice(0, keptTokens));
    this.#renewMasker();
  }

  /** Masks all values, those of earlier versions of the file too. The same object until one of them changes. */
  masker(): Masker {
    return this.#maskerOf(this.#file.read());
  }

  /** Masks all values that have been read so far, those that were given to anybody among them, without a look at the file. */
  maskerOfKnown(): Masker {
    return this.#maskerOf(this.#file.lastRead);
  }

  #maskerOf(content: SecretFileContent): Masker {
    if (content !== this.#masked) {
      for (const value of [...this.#variables.values(), ...this.#held.values(), ...Object.values(content.ok ? content.values : {})]) this.#everSeen.add(value);
      this.#masker = new Masker([...this.#everSeen, ...[...this.#tokens.values()].flat()]);
      this.#masked = content;
    }
    return this.#masker;
  }
}
