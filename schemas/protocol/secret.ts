import { Type, type Static } from 'typebox';

export const SecretName = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,199}$', description: 'As in `secrets.NAME`.' });

/** Where a secret's value comes from; where several places have it, the first of these that does. */
export const secretPlaces = ['environment', 'memory', 'file'] as const;
export type SecretPlace = (typeof secretPlaces)[number];

/** A secret by its name. No method and no event ever has a value. */
export const SecretView = Type.Object({
  name: SecretName,
  from: Type.Enum(secretPlaces, {
    description: "Where its value comes from: the variable `SLUICE_SECRET_NAME` of the daemon, a client (kept in memory until the daemon ends), or the project's file of secrets.",
  }),
});
export type SecretView = Static<typeof SecretView>;
