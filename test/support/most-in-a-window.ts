/** The most calls that a receiver saw within a window: of any that begins with one and is open at its end. Times in milliseconds, in any order. */
export function mostInAWindow(times: readonly number[], perMs: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  let most = 0;
  let from = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[from] ?? time) >= perMs) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
