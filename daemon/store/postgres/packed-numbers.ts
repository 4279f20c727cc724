/** Of which lists are packed, and what the server knows it by. */
const types = { bigint: 20, 'double precision': 701 } as const;
const headerBytes = 20;
const numberBytes = 12;
const wordSize = 2 ** 32;

/** A list of numbers as the server has it in its memory: to make and to read it takes a tenth of what a list of digits takes. As Postgres's `array_recv` reads it. */
export class PackedNumbers {
  readonly bytes: Buffer;

  constructor(type: keyof typeof types, values: readonly (number | null)[]) {
    const bytes = Buffer.allocUnsafe(headerBytes + values.length * numberBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // One dimension, which begins at 1.
    view.setInt32(0, 1);
    view.setInt32(8, types[type]);
    view.setInt32(12, values.length);
    view.setInt32(16, 1);
    let at = headerBytes;
    let hasNull = false;
    for (const value of values) {
      if (value === null) {
        hasNull = true;
        view.setInt32(at, -1);
        at += 4;
        continue;
      }
      view.setInt32(at, 8);
      if (type === 'bigint') {
        const high = Math.floor(value / wordSize);
        view.setInt32(at + 4, high);
        view.setUint32(at + 8, value - high * wordSize);
      } else view.setFloat64(at + 4, value);
      at += numberBytes;
    }
    view.setInt32(4, hasNull ? 1 : 0);
    this.bytes = bytes.subarray(0, at);
  }
}
