/**
 * The key that every attempt of a job sends, so that a receiver can tell a repeat: the same until the payload is edited, and
 * unlike that of any other job. The time of its making is part of it, because a store that is restored from a backup gives
 * the numbers after it again. 1 to 60 characters of `[a-z0-9-]`.
 */
export function idempotencyKey(
  storeId: string,
  { jobId, createdAt, revision }: { readonly jobId: number; readonly createdAt: number; readonly revision: number },
): string {
  return `${storeId}-${jobId}-${createdAt.toString(36)}-${revision}`;
}
