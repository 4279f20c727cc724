/** A run or a job that a document names, and where. */
export interface NamedThing {
  /** Offset of the name's first character. */
  readonly start: number;
  readonly end: number;
  readonly id: string;
}

/** Values of `"run"`, `"job"` and `"id"`, but not what is in payloads under such a name by chance: those are not indented by two. */
export function namedThings(text: string): readonly NamedThing[] {
  return [...text.matchAll(/^ {2}"(?:run|job)": "([rj][1-9]\d{0,15})"/gm)].flatMap((match) => {
    const id = match[1];
    if (id === undefined) return [];
    const start = match.index + match[0].length - id.length - 1;
    return [{ start, end: start + id.length, id }];
  });
}
