import type { Writable } from 'node:stream';

/** Two lengths, of four bytes each. */
const prefixBytes = 8;

/** Sends a message over a pipe: its length and that of its bytes, then both. `message` becomes JSON. */
export function writeFrame(pipe: Writable, message: object, bytes: Uint8Array): void {
  const head = Buffer.from(JSON.stringify(message));
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32LE(head.length, 0);
  prefix.writeUInt32LE(bytes.length, 4);
  pipe.write(Buffer.concat([prefix, head]));
  pipe.write(bytes);
}

/** Reads what `writeFrame` sends. Each chunk is copied to its place as it comes, so that a large message is in memory once. */
export class FrameReader {
  readonly #onFrame: (message: unknown, bytes: Buffer) => void;
  #target = Buffer.alloc(prefixBytes);
  #filled = 0;
  #onFull: (full: Buffer) => void = (prefix) => this.#readHead(prefix);

  constructor(onFrame: (message: unknown, bytes: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.copy(this.#target, this.#filled, at);
      at += taken;
      this.#filled += taken;
      // More than once if what comes next is empty.
      while (this.#filled === this.#target.length) this.#onFull(this.#target);
    }
  }

  #readHead(prefix: Buffer): void {
    this.#expect(prefix.readUInt32LE(0), (head) => {
      this.#expect(prefix.readUInt32LE(4), (bytes) => {
        this.#expect(prefixBytes, (next) => this.#readHead(next));
        this.#onFrame(JSON.parse(head.toString()), bytes);
      });
    });
  }

  #expect(length: number, onFull: (full: Buffer) => void): void {
    this.#target = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
    this.#onFull = onFull;
  }
}
