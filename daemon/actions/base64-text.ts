import { message, type Message } from '../../schemas/wording/message.ts';

/** The bytes that a text in base64 stands for. `Buffer.from` leaves out what it doesn't know, and rubbish would be sent. `place`: where the text stands, for a person. */
export function decodeBase64(text: string, place: string): Buffer | Message {
  if (/^data:/i.test(text)) return message('{place} is a data: URL, not base64: leave out all up to its first comma.', { place });
  // RFC 4648, in lines or not, with the alphabet for URLs as well; without the padding that only fills up.
  const digits = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  const bad = /[^A-Za-z0-9+/_-]/.exec(digits);
  if (bad !== null) return message('{place} is not base64: it has the character {sign}. Text as it is needs no `encoding: base64`.', { place, sign: JSON.stringify(bad[0]) });
  if (digits.length % 4 === 1) return message('{count, plural, one {{place} is not base64: it is cut off, with # character.} other {{place} is not base64: it is cut off, with # characters.}}', { place, count: digits.length });
  return Buffer.from(digits, 'base64');
}
