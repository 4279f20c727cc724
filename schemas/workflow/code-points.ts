/**
 * Text as expressions count it: in code points, as CEL does and as `size()` says. JavaScript counts UTF-16 units, of which characters
 * beyond U+FFFF (emoji, say) have two. A half of such a pair that stands alone counts as one. Offsets of sources and diagnostics are not
 * counted so: editors have them in UTF-16 units.
 */

const surrogate = /[\ud800-\udfff]/;

/** How many code points a text has. */
export function codePointLength(text: string): number {
  if (!surrogate.test(text)) return text.length;
  let length = 0;
  for (let unit = 0; unit < text.length; unit = nextCodePoint(text, unit)) length += 1;
  return length;
}

/** The UTF-16 offset of a code point. Undefined if the text is shorter; its length is a position as well. */
export function utf16Offset(text: string, codePoints: number): number | undefined {
  if (codePoints < 0 || codePoints > text.length) return undefined;
  if (!surrogate.test(text)) return codePoints;
  let unit = 0;
  for (let left = codePoints; left > 0; left -= 1) {
    if (unit >= text.length) return undefined;
    unit = nextCodePoint(text, unit);
  }
  return unit;
}

/** The position in code points of a UTF-16 offset. */
export function codePointIndex(text: string, utf16: number): number {
  return codePointLength(text.slice(0, utf16));
}

/** Less than, equal to or greater than 0, by code points. UTF-16 units would put U+10000 and above before U+E000. */
export function compareCodePoints(left: string, right: string): number {
  if (left === right) return 0;
  if (!surrogate.test(left) && !surrogate.test(right)) return left < right ? -1 : 1;
  const length = Math.min(left.length, right.length);
  for (let unit = 0; unit < length; unit += 1) {
    const [a, b] = [left.charCodeAt(unit), right.charCodeAt(unit)];
    if (a !== b) return orderOfUnit(a) - orderOfUnit(b);
  }
  return left.length - right.length;
}

function nextCodePoint(text: string, unit: number): number {
  return unit + ((text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1);
}

/** Surrogates stand for the greatest code points, but not for the greatest units. */
function orderOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
