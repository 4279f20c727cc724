/** The code of an error of the system, such as `ENOENT`. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function messageOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The disk is full, or this user's share of it. */
export function isOutOfRoom(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
