/** Runs and jobs are numbered in the store, from 1; people and messages see `r12` and `j4031`. */

export function formatRunId(id: number): string {
  return `r${id}`;
}

export function formatJobId(id: number): string {
  return `j${id}`;
}

/** The number of `r12`; undefined for anything else. */
export function parseRunId(text: string): number | undefined {
  return parseId('r', text);
}

/** The number of `j4031`; undefined for anything else. */
export function parseJobId(text: string): number | undefined {
  return parseId('j', text);
}

function parseId(letter: string, text: string): number | undefined {
  return new RegExp(`^${letter}[1-9][0-9]{0,15}$`).test(text) ? Number(text.slice(1)) : undefined;
}
