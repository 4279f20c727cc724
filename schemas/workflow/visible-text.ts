import { message, type Message } from '../wording/message.ts';

/** What a reader can't see, or takes for something else, in the texts that messages quote. */

/** Characters without a shape of their own: controls, spaces but the plain one, directions, joiners, marks of width zero, private ones and halves of pairs. What joins emoji is part of them. */
const invisible = /(?<!\p{Extended_Pictographic}\uFE0F?)[\u200D\uFE0F]|(?![\u200D\uFE0F])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
/** What layout is made of. */
const layout = /[\t\n\r]/;

/** Letters of other scripts that look like one of ASCII. Only beside letters of ASCII are they suspicious: a whole word of Russian is a word. */
const lookalike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\uFF01-\uFF5E\u{1D400}-\u{1D7FF}]/gu;
const asciiLetter = /[A-Za-z]/;

/** Those that people meet: by pasting from web pages, documents and chats. */
const names: Readonly<Record<number, string>> = {
  0x85: 'next line', 0xa0: 'no-break space', 0xad: 'soft hyphen', 0x200b: 'zero width space', 0x200c: 'zero width non-joiner', 0x200d: 'zero width joiner',
  0x200e: 'left-to-right mark', 0x200f: 'right-to-left mark', 0x2028: 'line separator', 0x2029: 'paragraph separator', 0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding', 0x202c: 'pop directional formatting', 0x202d: 'left-to-right override', 0x202e: 'right-to-left override', 0x202f: 'narrow no-break space',
  0x2060: 'word joiner', 0x2066: 'left-to-right isolate', 0x2067: 'right-to-left isolate', 0x2068: 'first strong isolate', 0x2069: 'pop directional isolate',
  0x3000: 'ideographic space', 0xfeff: 'byte order mark',
};

/** The text with each character that can't be seen, or that looks like a letter of ASCII among such letters, as its code: `to[U+200B]`. */
export function visibleText(text: string): string {
  const seen = text.replace(invisible, (character) => (layout.test(character) ? character : `[${codeOf(character)}]`));
  return asciiLetter.test(text) ? seen.replace(/\S+/g, (word) => (asciiLetter.test(word.replace(/\[U\+[0-9A-F]+\]/g, '')) ? word.replace(lookalike, (letter) => `[${codeOf(letter)}]`) : word)) : seen;
}

/** The text without characters that can't be seen. */
export function withoutHidden(text: string): string {
  return text.replace(invisible, (character) => (layout.test(character) ? character : ''));
}

/** The first such character of a text, by its code and name; undefined if there is none. */
export function hiddenCharacter(text: string): string | undefined {
  const [character] = [...text.matchAll(invisible)].map(([found]) => found).filter((found) => !layout.test(found));
  return character === undefined ? undefined : named(character);
}

/** A sentence that names it, for a message about the text; undefined if there is none. */
export function hiddenHint(text: string): Message | undefined {
  const character = hiddenCharacter(text);
  if (character !== undefined) return message("It holds {character}, which can't be seen.", { character });
  const mixed = text.split(/\s+/).find((word) => asciiLetter.test(word) && word.search(lookalike) >= 0);
  const [letter] = mixed?.match(lookalike) ?? [];
  return letter === undefined ? undefined : message('It holds {letter}, a letter of another script that looks like one of the Latin alphabet.', { letter: codeOf(letter) });
}

function named(character: string): string {
  const name = names[character.codePointAt(0) ?? 0];
  return name === undefined ? codeOf(character) : `${codeOf(character)} (${name})`;
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
