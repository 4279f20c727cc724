/** How many dead letters each queue had when a person last looked: by a name for the queue. */
export type SeenCounts = Readonly<Record<string, number>>;

export interface Unseen {
  readonly unseen: number;
  /** To be remembered in place of what was. */
  readonly seen: SeenCounts;
}

/**
 * How many have come since a person looked. Where some were replayed or discarded, fewer count as seen, so that the next one
 * counts as new. A queue that isn't there now (its project isn't connected) keeps what it had.
 */
export function countUnseen(counts: SeenCounts, seen: SeenCounts, isLooking: boolean): Unseen {
  const next: Record<string, number> = { ...seen };
  let unseen = 0;
  for (const [queue, count] of Object.entries(counts)) {
    const before = isLooking ? count : Math.min(count, seen[queue] ?? 0);
    if (before > 0) next[queue] = before;
    else delete next[queue];
    unseen += count - before;
  }
  return { unseen, seen: next };
}
