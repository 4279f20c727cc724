import { stripVTControlCharacters } from 'node:util';

const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** What a person sees as one character, an emoji of several code points say, is cut off whole. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const weightless = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a text takes on a terminal; Chinese, say, takes two for each character. */
export function widthOf(text: string): number {
  // Nearly everything is plain ASCII, and needs no look at each character.
  if (/^[\u0020-\u007f]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): number {
  if (weightless.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Cut to so many columns, with `…` in place of the end, or of the middle where both ends tell things apart. */
export function cutTo(text: string, width: number, where: 'end' | 'middle' = 'end'): string {
  if (widthOf(text) <= width) return text;
  const room = Math.max(0, width - 1);
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  if (where === 'end') return `${startOf(characters, room).join('')}…`;
  const tail = startOf(characters.toReversed(), Math.floor(room / 2)).toReversed().join('');
  return `${startOf(characters, room - widthOf(tail)).join('')}…${tail}`;
}

function startOf(characters: readonly string[], width: number): readonly string[] {
  let left = width;
  let end = 0;
  for (const character of characters) {
    left -= widthOf(character);
    if (left < 0) break;
    end++;
  }
  return characters.slice(0, end);
}

/**
 * Breaks the lines of a text between words so that they fit; what follows a break is indented like its line, and `hang` more. What
 * is in backticks stays whole, because people copy it. Nothing is done in a pipe (`width` undefined).
 */
export function wrap(text: string, width: number | undefined, hang = 0): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= width ? line : wrapLine(line, width, hang)))
    .join('\n');
}

function wrapLine(line: string, width: number, hang: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const further = indent + ' '.repeat(hang);
  const lines: string[] = [];
  let current = indent;
  for (const word of line.slice(indent.length).match(/(?:`[^`]*`|\S)+/g) ?? []) {
    const isEmpty = current.trim() === '';
    if (!isEmpty && widthOf(current) + 1 + widthOf(word) > width) {
      lines.push(current);
      current = further + word;
    } else {
      current += isEmpty ? word : ` ${word}`;
    }
  }
  return [...lines, current].join('\n');
}
