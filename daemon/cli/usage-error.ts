/** What was typed is wrong; exit 2. The message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
