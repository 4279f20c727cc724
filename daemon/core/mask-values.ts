/** Words with digits that name a thing of the trade and no value. */
const technicalWords: ReadonlySet<string> = new Set(
  'utf8 utf16 utf-8 utf-16 sha1 sha256 sha512 sha-1 sha-256 sha-512 md5 ipv4 ipv6 oauth2 oauth1 base64 base32 x509 http2 http3 http/1.1 iso8601 iso-8601 int8 int16 int32 int64 uint32 uint64 float32 float64 tls1.2 tls1.3 e164 e.164 s3 ec2 v1 v2 v3 v4'.split(' '),
);

/** `field "email"`: what is quoted after these words is the name of a place and no value. */
const placeBefore = /(?:field|property|properties|parameter|param|attribute|key|column|argument|header|input|variable|option|element|member|path|name|secret)s?[\s:=]*$/i;
/** `"email" is required`. */
const claimAfter =
  /^\s*(?:(?:is|are) (?:a )?(?:required|missing|invalid|not allowed|not valid|not permitted|mandatory|read-?only)|must|should|may not|can(?:no|')t be|required|missing|field|property|parameter|attribute|column|header)\b/i;
const identifier = /^[A-Za-z_$][A-Za-z_$.[\]-]{0,59}$/;

const urls = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>)\]]+/gi;
const emails = /[\w.!#$%&*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*/g;
const uuids = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi;
const months = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const times = new RegExp(
  [
    String.raw`\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?`,
    String.raw`\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?\d{1,2} ${months} \d{4}(?: \d{2}:\d{2}(?::\d{2})?(?: (?:UTC|GMT|[+-]\d{4}))?)?`,
    String.raw`\b${months} \d{1,2},? \d{4}`,
    String.raw`\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b`,
    String.raw`\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m)?\b`,
  ].join('|'),
  'gi',
);
const addresses = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g;
/** A number by itself, with its sign and its groups of thousands. */
const numbers = /(?<![\w<])[+-]?\d+(?:[.,]\d+)*(?![\w>])/g;
const wordsWithDigits = /(?<![\w<])[\w-]*\d[\w-]*(?:[./:][\w-]*\d[\w-]*)*/g;
const quoted = /"([^"\n]{0,200})"|“([^”\n]{0,200})”|«([^»\n]{0,200})»|`([^`\n]{0,200})`|(?<!\w)'([^'\n]{0,200})'(?!\w)/g;

/**
 * The text without what differs from one job to the next: addresses, ids, times, numbers and quoted values stand as `<email>`, `<url>`, `<id>`,
 * `<time>`, `<number>` and `"…"`. Names of fields stay, quoted or not, because two fields are two faults.
 */
export function maskValues(text: string): string {
  return text
    .replace(urls, '<url>')
    .replace(emails, '<email>')
    .replace(uuids, '<id>')
    .replace(addresses, '<address>')
    .replace(times, '<time>')
    .replace(quoted, maskQuoted)
    .replace(numbers, '<number>')
    .replace(wordsWithDigits, (word) => (isValue(word) ? '<id>' : word))
    .replace(/<number>(?:[\s/x×-]{1,3}<number>)+/g, '<number>')
    .replace(/\s+/g, ' ')
    .trim();
}

function maskQuoted(match: string, ...rest: readonly unknown[]): string {
  const inner = rest.slice(0, 5).find((part): part is string => typeof part === 'string') ?? '';
  const [, , , , , offset, whole] = rest;
  if (identifier.test(inner) && typeof offset === 'number' && typeof whole === 'string') {
    if (placeBefore.test(whole.slice(Math.max(0, offset - 40), offset)) || claimAfter.test(whole.slice(offset + match.length, offset + match.length + 40))) return inner;
  }
  return '"…"';
}

function isValue(word: string): boolean {
  return !technicalWords.has(word.toLowerCase().replace(/[-_.:/]+$/, ''));
}
