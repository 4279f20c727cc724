/** How many entries of a list are shown at first, and how many more each time. */
export const pageSize = 50;

/** The longest list that a view shows; the daemon answers with no longer page. */
export const longestList = 1000;

export function nextLimit(limit: number): number {
  return Math.min(longestList, limit + pageSize);
}
