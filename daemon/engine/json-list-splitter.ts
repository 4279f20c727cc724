export interface ListElement {
  /** Its text; whether that is JSON is not yet known. */
  readonly element: string;
  /** Where it ends, from 1. */
  readonly line: number;
}

/**
 * Cuts the text of a JSON list, which comes in pieces, into its elements, of at most `maxElement` characters: so a list of any length is
 * read in the memory of one element. It knows brackets and strings only; what stands between them is judged by the JSON parser.
 */
export class JsonListSplitter {
  readonly #maxElement: number;
  #place: 'before' | 'inside' | 'after' = 'before';
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #element = '';
  #elements = 0;
  #line = 1;
  /** What is wrong with the list itself. */
  problem: string | undefined;

  constructor(maxElement: number) {
    this.#maxElement = maxElement;
  }

  /** The elements that end in this piece, in order; fewer where there is a `problem`. */
  *push(text: string): Generator<ListElement> {
    // Where the present element begins in this piece.
    let start = 0;
    for (let at = 0; at < text.length && this.problem === undefined; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x0a) this.#line++;
      if (this.#place !== 'inside') {
        this.#outside(text, at, code);
        start = at + 1;
      } else if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (code === 0x5c) this.#isEscaped = true;
        else if (code === 0x22) this.#inString = false;
      } else if (code === 0x22) {
        this.#inString = true;
      } else if (code === 0x5b || code === 0x7b) {
        this.#depth++;
      } else if (this.#depth > 0) {
        if (code === 0x5d || code === 0x7d) this.#depth--;
      } else if (code === 0x2c || code === 0x5d) {
        this.#element += text.slice(start, at);
        start = at + 1;
        if (code === 0x5d) this.#place = 'after';
        // `[]` has no element; `[1,]` has an empty one, which is no JSON.
        if (code === 0x2c || this.#elements > 0 || this.#element.trim() !== '') yield this.#take();
      }
    }
    if (this.#place === 'inside') this.#element += text.slice(start);
    if (this.#element.length > this.#maxElement) this.problem ??= `the element that ends near line ${this.#line} is longer than ${this.#maxElement} characters`;
  }

  /** There is no more text: what is missing. */
  end(): string | undefined {
    if (this.problem !== undefined || this.#place === 'after') return this.problem;
    return this.#place === 'before' ? 'it is empty, and has to hold a JSON array' : `near line ${this.#line} it ends before its list does`;
  }

  #outside(text: string, at: number, code: number): void {
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return;
    if (this.#place === 'before' && code === 0x5b) {
      this.#place = 'inside';
      return;
    }
    const found = JSON.stringify(text.charAt(at));
    this.problem = this.#place === 'before' ? `near line ${this.#line} it begins with ${found}, and has to hold a JSON array` : `near line ${this.#line} something follows the end of its list: ${found}`;
  }

  #take(): ListElement {
    const element = this.#element;
    this.#element = '';
    this.#elements++;
    return { element, line: this.#line };
  }
}
