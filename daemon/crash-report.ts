/**
 * Ends the process at a fault that nobody has handled, and says what it was without the value of any secret. Node's own report prints the line of code and
 * the whole message, whatever they hold, into a file that is kept.
 *
 * `mask` may fail: it may be what has failed.
 */
export function reportCrashes(mask: (text: string) => string): void {
  process.on('uncaughtException', (error: unknown) => {
    process.stderr.write(`sluice: the daemon has ended by a fault: ${crashText(error, mask)}\n`);
    process.exit(1);
  });
}

/** An error's stack, or its name alone if it can't be masked. */
export function crashText(error: unknown, mask: (text: string) => string): string {
  try {
    return mask(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } catch {
    return `${error instanceof Error ? error.name : typeof error} (its text could not be masked, and is left out)`;
  }
}
