/** What bounds the language server, so that no file and no folder can make it slow or large. */
export const limits = {
  /** Longest text that is looked at, in UTF-16 code units; the analysis has a bound of its own below it, with a message. */
  textLength: 4 * 1024 * 1024,
  /** Longest text that the YAML libraries get, in UTF-16 code units. */
  libraryTextLength: 512 * 1024,
  /** Aliases, or what looks like some, in a file that the schema service gets. */
  aliases: 500,
  /** Of what the formatter keeps of what it has laid out, in UTF-16 code units. */
  laidOutLength: 4 * 1024 * 1024,
  /** Shortest and longest wait between a change and its diagnostics, in milliseconds; in between, as long as the last ones took. */
  shortestDelayMs: 5,
  longestDelayMs: 250,
} as const;
