import type { Json } from '../json.ts';

/**
 * The 64-bit FNV-1a hash (RFC 9923) of a text's UTF-8 bytes, as 16 hexadecimal digits. Stable across versions and machines. Not for
 * security: anyone who can choose the text can make two with the same hash.
 */
export function stableHash(text: string): string {
  // Two halves of 32 bits, because a bigint per byte is 30 times slower. The prime is 2^40 + 0x1b3.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/** JSON with the keys of every map sorted by code unit and no spaces, so that equal values have equal text. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    return `[${list.map((item) => canonicalJson(item)).join(',')}]`;
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
