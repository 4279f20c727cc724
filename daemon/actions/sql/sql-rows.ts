/** How many rows of an answer are taken, and how much of them. */
export interface SqlBounds {
  readonly maxRows: number;
  /** Of JSON. */
  readonly maxBytes: number;
  /** Whether rows beyond `maxRows` are left out; else they are a failure. */
  readonly mayCut: boolean;
}

/** The rows of an answer as JSON, bounded. Nothing is parsed on the way: `values` are JSON already. */
export class SqlRows {
  readonly columns: readonly string[];
  readonly #keys: readonly string[];
  readonly #bounds: SqlBounds;
  #chunks: Buffer[] = [];
  #text = '';
  bytes = 2;
  count = 0;

  constructor(columns: readonly string[], bounds: SqlBounds) {
    this.columns = columns;
    this.#keys = columns.map((column) => JSON.stringify(column));
    this.#bounds = bounds;
  }

  /** A row is a map, so the second of two columns of a name would replace the first. */
  get repeated(): string | undefined {
    return this.columns.find((column, index) => this.columns.indexOf(column) !== index);
  }

  /** `full`: it is one row too many, `large`: it is too much; it is left out then. */
  add(values: readonly string[]): 'added' | 'full' | 'large' {
    if (this.count >= this.#bounds.maxRows) return 'full';
    const row = `${this.count === 0 ? '' : ','}{${values.map((value, index) => `${this.#keys[index] ?? '""'}:${value}`).join(',')}}`;
    const bytes = Buffer.byteLength(row);
    if (this.bytes + bytes > this.#bounds.maxBytes) return 'large';
    this.bytes += bytes;
    this.count++;
    this.#text += row;
    if (this.#text.length > 65_536) this.#flush();
    return 'added';
  }

  /** A list, in UTF-8. */
  json(): Buffer {
    this.#flush();
    return Buffer.concat([Buffer.from('['), ...this.#chunks, Buffer.from(']')]);
  }

  #flush(): void {
    this.#chunks.push(Buffer.from(this.#text));
    this.#text = '';
  }
}
