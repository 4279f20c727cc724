/**
 * Flags of Node, or of a VS Code that runs as one, under which a daemon is started, no matter who starts it.
 *
 * What a daemon works on is young: rows and batches that are gone in a moment. With V8's own limits each of its threads would
 * keep tens of megabytes of such garbage, and more the more memory the machine has. 1,000,000 rows of a CSV file become jobs
 * in about 220 MB with these limits and in 310 MB without, at the same speed.
 */
export const daemonFlags: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  // In megabytes, of each thread.
  '--max-semi-space-size=4',
  // How far a heap may grow beyond what was alive at its last collection.
  '--heap-growing-percent=30',
  // For a collection when a daemon comes to rest after large answers.
  '--expose-gc',
];

/** Exit codes of a daemon that doesn't start. The project's lock is taken. */
export const lockedExitCode = 4;
/** The folder's state was made by somebody else, or elsewhere. */
export const foreignExitCode = 5;
/** It was told to start only where this user has run one before (`--known-only`), and this user hasn't. */
export const unknownExitCode = 6;
