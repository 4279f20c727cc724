import addressparser from 'nodemailer/lib/addressparser';

export interface EmailAddress {
  readonly name: string;
  /** `local@domain`. */
  readonly address: string;
}

/**
 * No white space, control characters or anything that separates addresses. Quoted local parts (`"a b"@c`) are refused:
 * nobody has one.
 */
const mailbox = /^[^\s@<>()[\]\\,;:"\p{Cc}]+@(?:[^\s@<>()[\]\\,;:"\p{Cc}]+|\[[0-9A-Za-z.:]+\])$/u;
const maxLength = 320;

/**
 * Reads exactly one address: `ada@example.com` or `Ada <ada@example.com>`. A comma makes no list, because an address
 * often comes from data, which must not add recipients of its own. Line breaks and control characters, which could add
 * headers or SMTP commands, make it unreadable.
 */
export function readEmailAddress(text: string): EmailAddress | undefined {
  if (/\p{Cc}/u.test(text)) return undefined;
  const [entry, ...others] = addressparser(text);
  if (entry === undefined || others.length > 0 || entry.address === undefined) return undefined;
  if (entry.address.length > maxLength || !mailbox.test(entry.address)) return undefined;
  return { name: entry.name, address: entry.address };
}
