/**
 * The key that every attempt of a job sends, so that a receiver can tell a repeat: the same until the payload is edited, and
 * unlike that of any job of another store. 1 to 40 characters of `[a-z0-9-]`.
 */
export function idempotencyKey(storeId: string, jobId: number, revision: number): string {
  return `${storeId}-${jobId}-${revision}`;
}
