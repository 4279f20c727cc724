/** A key that an object of a JSON text has twice: `JSON.parse` keeps the last value and says nothing of the others. */
export interface RepeatedKey {
  readonly key: string;
  /** Of the first and the second one, in UTF-16 code units. */
  readonly offsets: readonly [first: number, second: number];
}

/** The first of a JSON text that is known to be valid. */
export function findRepeatedKey(text: string): RepeatedKey | undefined {
  /** Of the objects and lists that are open: the keys so far, and undefined for a list. */
  const open: (Map<string, number> | undefined)[] = [];
  let keys: Map<string, number> | undefined;
  let isKeyNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfJsonString(text, at);
        if (isKeyNext && keys !== undefined) {
          const literal = text.slice(at + 1, end - 1);
          const key = literal.includes('\\') ? String(JSON.parse(`"${literal}"`)) : literal;
          const first = keys.get(key);
          if (first !== undefined) return { key, offsets: [first, at] };
          keys.set(key, at);
          isKeyNext = false;
        }
        at = end - 1;
        break;
      }
      case 0x7b:
      case 0x5b:
        open.push(keys);
        isKeyNext = text.charCodeAt(at) === 0x7b;
        keys = isKeyNext ? new Map() : undefined;
        break;
      case 0x7d:
      case 0x5d:
        keys = open.pop();
        isKeyNext = false;
        break;
      case 0x2c:
        isKeyNext = keys !== undefined;
        break;
    }
  }
  return undefined;
}

/** `start`: of its opening quote. After the closing one. */
export function endOfJsonString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}
