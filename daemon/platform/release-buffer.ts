/**
 * Gives the memory of bytes back that nobody needs, without a wait for a collection: large ones would be kept until V8 needs memory itself.
 * They are empty afterwards. Bytes that share their memory with others are left alone.
 */
export function releaseBuffer({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
