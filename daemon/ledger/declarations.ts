import { leaseMs } from './daemons.ts';

/**
 * How long the declarations of a daemon hold that is no longer heard of, in milliseconds: a machine that is started again keeps them, and one that is taken away doesn't hold
 * them for ever.
 */
const goneMs = 600_000;

/** What the files of a daemon declare for all that share the store, by its name (`queue mail`): a hash of each. */
export type Declared = Readonly<Record<string, string>>;

/** What a daemon has declared, and since when it declares that. */
export interface DeclarationRow {
  readonly daemon: number;
  readonly name: string;
  readonly seen_at: number;
  readonly closed: boolean;
  /** Of all of it. */
  readonly hash: string;
  /** When its files last changed to it, by the clock that all go by. No two have the same. */
  readonly since: number;
}

/**
 * Since when a daemon declares what it declares now. It is the change of a machine's files that counts, and not that it starts: one that declares what it has declared before
 * keeps its time, and a machine that nobody knows takes the time of whoever has declared the same. Going back to earlier files is a change.
 */
export function declaredSince(rows: readonly DeclarationRow[], { daemon, hash }: Pick<DeclarationRow, 'daemon' | 'hash'>, now: number): number {
  const own = rows.find((row) => row.daemon === daemon);
  if (own?.hash === hash) return own.since;
  const same = own === undefined ? rows.filter((row) => row.hash === hash).map(({ since }) => since) : [];
  return same.length > 0 ? Math.max(...same) : Math.max(now, ...rows.map(({ since }) => since + 1));
}

/** Whose declarations hold: of the daemons that are there, or have not been gone for long, the one whose files changed last. */
export function holderOf(rows: readonly DeclarationRow[], now: number): DeclarationRow | undefined {
  return newestOf(rows.filter(({ seen_at: seenAt }) => seenAt > now - goneMs));
}

/** Which daemon starts what schedules say: the first of those that work and declare what changed last among them. */
export function schedulerOf(rows: readonly DeclarationRow[], now: number): DeclarationRow | undefined {
  const working = rows.filter(({ closed, seen_at: seenAt }) => !closed && seenAt > now - leaseMs);
  const newest = newestOf(working);
  return working.filter(({ hash }) => hash === newest?.hash).sort((one, other) => one.daemon - other.daemon)[0];
}

/** Names whose declarations differ, or which only one has. */
export function differingParts(one: Declared, other: Declared): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name]).sort();
}

function newestOf(rows: readonly DeclarationRow[]): DeclarationRow | undefined {
  return rows.reduce<DeclarationRow | undefined>((newest, row) => (newest === undefined || row.since > newest.since ? row : newest), undefined);
}
