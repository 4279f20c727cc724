/** A notification of the editor to its language server; takes {@link KnownSecrets}. */
export const knownSecretsNotification = 'sluice/secrets';

/** Secrets of a project that only the editor or a daemon knows of: names, never values. They take the place of those told before. */
export interface KnownSecrets {
  /** As a URI. */
  readonly folder: string;
  readonly names: readonly string[];
}
