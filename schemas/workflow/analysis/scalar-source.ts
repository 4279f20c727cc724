import type { SourceRange } from '../diagnostic.ts';
import type { ScalarNode } from '../document.ts';

/** Turns a range within a scalar's value into one of the file's text. */
export type Locator = (range: SourceRange) => SourceRange;

const escapeLengths: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

/**
 * Turns ranges within a scalar's value into ranges of the text of the file. Exact for plain, quoted and literal scalars.
 *
 * No style changes or reorders what isn't white space, but for the escapes of quoted ones; so value and source are walked
 * side by side, and white space that folding or indentation adds to the source is passed over.
 */
export function locator(text: string, node: ScalarNode): Locator {
  let offsets: readonly number[] | undefined;
  return ({ start, end }) => {
    offsets ??= sourceOffsets(text, node);
    const from = offsets[Math.min(start, offsets.length - 1)] ?? node.source.start;
    // Behind the last character, not before what follows it: there may be a line break between them.
    const last = end > start ? offsets[Math.min(end, offsets.length - 1) - 1] : undefined;
    const to = last === undefined ? from : last + sourceLength(text, last, node);
    return { start: from, end: Math.max(from, to) };
  };
}

/** For each code unit of the value, the offset in the text where it begins; one more for the end. */
function sourceOffsets(text: string, node: ScalarNode): number[] {
  const value = String(node.value);
  const { start, end } = bodyOf(text, node);
  if (node.style === 'double-quoted') {
    const exact = doubleQuotedOffsets(text, start, end);
    if (exact.length === value.length + 1) return exact;
  }
  const offsets: number[] = [];
  const indent = node.style === 'literal' ? indentAt(text, start, end) : 0;
  let at = start;
  let lineStart = node.style === 'literal';
  for (let index = 0; index < value.length; ) {
    const wanted = value.charAt(index);
    if (lineStart) at = Math.min(skipIndent(text, at, indent), end);
    lineStart = false;
    if (node.style === 'double-quoted') at = skipContinuation(text, at, end);
    if (/\s/.test(wanted)) {
      if (text.startsWith('\r\n', at)) at += 1;
      const taken = at < end && (text[at] === wanted || isEscape(text, at, node));
      offsets.push(Math.min(at, end));
      if (taken) at += sourceLength(text, at, node);
      lineStart = node.style === 'literal' && wanted === '\n';
      index += 1;
      continue;
    }
    while (at < end && /\s/.test(text.charAt(at))) at += 1;
    if (node.style === 'double-quoted') at = skipContinuation(text, at, end);
    const length = sourceLength(text, at, node);
    offsets.push(Math.min(at, end));
    index += 1;
    // One escape can stand for a pair of surrogates.
    if (length === 10 && isEscape(text, at, node) && isHighSurrogate(wanted)) {
      offsets.push(Math.min(at, end));
      index += 1;
    }
    at = Math.min(at + length, end);
  }
  offsets.push(Math.min(at, end));
  return offsets;
}

/**
 * The same for double quotes, where escapes can stand for white space, so that walking side by side would lose its way. Follows
 * YAML 1.2.2, 7.3.1: breaks are folded, spaces around them don't count, an escaped break leaves nothing.
 */
function doubleQuotedOffsets(text: string, start: number, end: number): number[] {
  const offsets: number[] = [];
  let at = start;
  while (at < end) {
    const [fold = ''] = /^[ \t]*(?:\r?\n[ \t]*)+/.exec(text.slice(at, Math.min(end, at + 10_000))) ?? [];
    const isJoined = text[at] === '\\' && /^\r?\n/.test(text.slice(at + 1, at + 3));
    if (isJoined || fold !== '') {
      const from = isJoined ? at + 1 : at;
      const [space = ''] = isJoined ? (/^(?:\r?\n[ \t]*)+/.exec(text.slice(from, Math.min(end, from + 10_000))) ?? []) : [fold];
      const breaks = [...space.matchAll(/\n/g)].map(({ index }) => from + index);
      // One break is a space, or nothing when it is escaped; each further one is a break.
      if (breaks.length > 1) offsets.push(...breaks.slice(1));
      else if (!isJoined) offsets.push(breaks[0] ?? at);
      at = from + space.length;
      continue;
    }
    const isEscaped = text[at] === '\\';
    const length = isEscaped ? (escapeLengths[text.charAt(at + 1)] ?? 2) : 1;
    offsets.push(at);
    if (length === 10 && Number.parseInt(text.slice(at + 2, at + 10), 16) > 0xffff) offsets.push(at);
    at += length;
  }
  offsets.push(Math.min(at, end));
  return offsets;
}

/** The text between the quotes, or below the header of a block scalar. */
function bodyOf(text: string, { style, source }: ScalarNode): SourceRange {
  switch (style) {
    case 'plain':
      return source;
    case 'single-quoted':
    case 'double-quoted':
      return { start: Math.min(source.start + 1, source.end), end: Math.max(source.start + 1, source.end - 1) };
    case 'literal':
    case 'folded': {
      const lineEnd = text.indexOf('\n', source.start);
      return { start: lineEnd < 0 || lineEnd >= source.end ? source.end : lineEnd + 1, end: source.end };
    }
  }
}

/** How many characters of the source stand for what begins at `at`. */
function sourceLength(text: string, at: number, node: ScalarNode): number {
  if (node.style === 'single-quoted') return text.startsWith("''", at) ? 2 : 1;
  if (!isEscape(text, at, node)) return 1;
  return escapeLengths[text.charAt(at + 1)] ?? 2;
}

function isEscape(text: string, at: number, node: ScalarNode): boolean {
  return node.style === 'double-quoted' && text[at] === '\\';
}

/** A backslash at the end of a line joins it to the next. */
function skipContinuation(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && /^\\\r?\n/.test(text.slice(at, at + 3))) {
    at = text.indexOf('\n', at) + 1;
    while (at < end && /[ \t\r\n]/.test(text.charAt(at))) at += 1;
  }
  return at;
}

/** The indentation of the first line that isn't blank. With an indentation indicator, leading spaces may be off; words aren't. */
function indentAt(text: string, start: number, end: number): number {
  const [, spaces = ''] = /^(?:[ \t]*\r?\n)*( *)/.exec(text.slice(start, end)) ?? [];
  return spaces.length;
}

function skipIndent(text: string, from: number, indent: number): number {
  let at = from;
  while (at < from + indent && text[at] === ' ') at += 1;
  return at;
}

function isHighSurrogate(unit: string): boolean {
  return /[\uD800-\uDBFF]/.test(unit);
}
