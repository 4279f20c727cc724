import * as yaml from 'prettier/plugins/yaml';
import { format } from 'prettier/standalone';
import type { TextEdit } from 'vscode-languageserver-types';
import type { LanguageFile } from '../../../schemas/language/language-file.ts';
import { textPieces, type TextPiece } from '../../../schemas/language/text-pieces.ts';
import { isWithinFormatterBounds, limits } from './limits.ts';

/** YAML, laid out; rejects what is none. */
export type LayOut = (source: string) => Promise<string>;

export const byPrettier: LayOut = async (source) => format(source, { parser: 'yaml', plugins: [yaml], printWidth: 120 });

/** Stands above a piece that is nested, so that it is laid out as far in as it belongs. */
const parent = 'k:\n';

/**
 * Lays files out by prettier, piece by piece. What a piece becomes is kept: formatting a long file again costs what has changed in it.
 */
export class Formatter {
  /** By what it was, the least used first. */
  readonly #laidOut = new Map<string, string>();
  #length = 0;
  readonly #layOut: LayOut;

  constructor(layOut: LayOut = byPrettier) {
    this.#layOut = layOut;
  }

  /** An edit for each piece that changes. None where the text is no YAML, and where it is called off. */
  async format(file: LanguageFile, isCalledOff: () => boolean): Promise<TextEdit[]> {
    if (!isWithinFormatterBounds(file)) return [];
    const whole: TextPiece = { range: { start: 0, end: file.text.length }, isNested: false };
    const edits = (await this.#edits(file, textPieces(file.document), isCalledOff)) ?? (await this.#edits(file, [whole], isCalledOff));
    return isCalledOff() ? [] : (edits ?? []);
  }

  /** Undefined if a piece can't be read by itself. */
  async #edits(file: LanguageFile, pieces: readonly TextPiece[], isCalledOff: () => boolean): Promise<TextEdit[] | undefined> {
    const edits: TextEdit[] = [];
    const lineBreak = lineBreakOf(file.text);
    for (const { range, isNested } of pieces) {
      const written = file.text.slice(range.start, range.end);
      const text = written.replace(/\r\n/g, '\n');
      const { content, gap } = range.end === file.text.length ? { content: text, gap: '' } : withoutGap(text);
      const laidOut = await this.#laidOutFrom(isNested ? parent + content : content);
      if (isCalledOff()) return [];
      if (laidOut?.startsWith(isNested ? parent : '') !== true) return undefined;
      const newText = ((isNested ? laidOut.slice(parent.length) : laidOut) + gap).replace(/\n/g, lineBreak);
      if (newText !== written) edits.push({ range: file.rangeOf(range), newText });
    }
    return edits;
  }

  /** Undefined if it is no YAML. */
  async #laidOutFrom(source: string): Promise<string | undefined> {
    const known = this.#laidOut.get(source);
    if (known !== undefined) {
      this.#laidOut.delete(source);
      this.#laidOut.set(source, known);
      return known;
    }
    const laidOut = await this.#layOut(source).catch(() => undefined);
    if (laidOut !== undefined) this.#keep(source, laidOut);
    // A piece takes about a millisecond, and a file may have thousands: other questions needn't wait for all of them.
    await new Promise(setImmediate);
    return laidOut;
  }

  #keep(source: string, laidOut: string): void {
    // Two questions may have had the same piece at once.
    if (this.#laidOut.has(source)) return;
    this.#laidOut.set(source, laidOut);
    this.#length += source.length + laidOut.length;
    for (const [oldest, value] of this.#laidOut) {
      if (this.#length <= limits.laidOutLength) break;
      this.#laidOut.delete(oldest);
      this.#length -= oldest.length + value.length;
    }
  }
}

/** A file keeps the line breaks that it begins with. */
export function lineBreakOf(text: string): '\r\n' | '\n' {
  return /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
}

/** Blank lines between two pieces become one. */
function withoutGap(text: string): { readonly content: string; readonly gap: string } {
  let end = text.length;
  while (/[\r\n]/.test(text.charAt(end - 1))) end -= 1;
  const isWide = text.indexOf('\n', end) < text.length - 1;
  return { content: `${text.slice(0, end)}\n`, gap: isWide ? '\n' : '' };
}
