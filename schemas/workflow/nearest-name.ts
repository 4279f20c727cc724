import { withoutHidden } from './visible-text.ts';

/** Of `warning`, `warn` is a beginning; `w` could be that of anything. */
const shortestBeginning = 3;

/** The name among `known` that a slip of the keyboard would have turned into `name`, or the only one that `name` begins, if there is one. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  // Longer than any name worth a guess, and it bounds the work for hostile input.
  if (name.length > 100) return undefined;
  const wanted = simplified(name);
  const begun: string[] = [];
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const other = simplified(candidate);
    if (wanted.length >= shortestBeginning && other.startsWith(wanted)) begun.push(candidate);
    if (Math.abs(other.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, other);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best ?? (begun.length === 1 ? begun[0] : undefined);
}

/** Whether two names differ by nothing but upper case, signs between words, and characters that can't be seen. */
export function isSameWord(a: string, b: string): boolean {
  return simplified(withoutHidden(a)) === simplified(withoutHidden(b));
}

/** `max_depth`, `maxDepth` and `max-depth` are the same slip. */
function simplified(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '');
}

/** Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours count one each. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
