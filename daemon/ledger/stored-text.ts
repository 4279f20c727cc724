import type { Message } from '../../schemas/wording/message.ts';
import { told, type Told } from '../../schemas/wording/told.ts';

const beginning = '{"message":';

/** A text for people as a column has it: JSON of a `Told`. */
export function storedText(text: Message | Told): string {
  const { message, wording }: Told = 'pattern' in text ? told(text) : text;
  return JSON.stringify({ message, wording } satisfies Record<keyof Told, unknown>);
}

/** Earlier versions have stored the English text as it is. */
export function readStoredText(column: string): Told {
  return column.startsWith(beginning) ? (JSON.parse(column) as Told) : { message: column };
}
