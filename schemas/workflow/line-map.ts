/** A place as people and compilers name it: both from 1; a column counts UTF-16 code units, a tab as one. */
export interface LinePosition {
  readonly line: number;
  readonly column: number;
}

/**
 * Turns offsets of a text into lines and columns and back. A line ends with LF, CR LF or a lone CR. A byte order mark is
 * no column: editors don't show it.
 */
export class LineMap {
  readonly #text: string;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.#text = text;
    this.#starts = lineStarts(text);
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** An offset beyond either end of the text counts as that end. */
  positionAt(offset: number): LinePosition {
    const within = Math.min(Math.max(offset, this.#starts[0] ?? 0), this.#text.length);
    const index = this.#lineIndexAt(within);
    return { line: index + 1, column: within - (this.#starts[index] ?? 0) + 1 };
  }

  /** A line or column that the text doesn't have counts as the nearest one that it has. */
  offsetAt({ line, column }: LinePosition): number {
    const index = Math.min(Math.max(line, 1), this.#starts.length) - 1;
    const start = this.#starts[index] ?? 0;
    return Math.min(Math.max(start + column - 1, start), this.#endOfLine(index));
  }

  /** The text of a line, counted from 1, without its line break. */
  lineText(line: number): string {
    const start = this.#starts[line - 1];
    return start === undefined ? '' : this.#text.slice(start, this.#endOfLine(line - 1));
  }

  #endOfLine(index: number): number {
    let end = this.#starts[index + 1];
    if (end === undefined) return this.#text.length;
    if (this.#text[end - 1] === '\n') end -= 1;
    else return end - 1;
    return this.#text[end - 1] === '\r' && end > (this.#starts[index] ?? 0) ? end - 1 : end;
  }

  #lineIndexAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lineStarts(text: string): number[] {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (const { index, 0: lineBreak } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + lineBreak.length);
  return starts;
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}
