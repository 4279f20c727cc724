import { english } from './language.ts';
import { readMessage, verbatim, type Message } from './message.ts';

/** A text as it is stored and sent: in English, for the command and programs, and the message that it was made of, for readers of other languages. */
export interface Told {
  readonly message: string;
  /** Not there in what an earlier version has stored, nor where the text was cut. */
  readonly wording?: Message;
}

export function told(message: Message): Required<Told> {
  return { message: english.textOf(message), wording: message };
}

/** `wording` may be anything: it counts only if it makes the same English text, so that one of another version can't be misread. */
export function wordingOf(message: string, wording: unknown): Message | undefined {
  const read = wording === undefined ? undefined : readMessage(wording);
  return read !== undefined && english.textOf(read) === message ? read : undefined;
}

/** To be told to anybody, or within another message. */
export function messageOfTold({ message, wording }: { readonly message: string; readonly wording?: Message | undefined }): Message {
  return wordingOf(message, wording) ?? verbatim(message);
}
