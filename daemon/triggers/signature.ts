import { createHash, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify as verifyWithKey } from 'node:crypto';
import type { SignatureScheme, WebhookVerify } from '../../schemas/workflow/triggers/webhook-verify.ts';
import type { VerificationFlaw } from '../../schemas/protocol/delivery.ts';

/** A request as far as a proof is concerned. */
export interface SignedRequest {
  readonly method: string;
  /** What the sender called, with its query. */
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly query: URLSearchParams;
  /** As it was signed: after transfer coding and content coding are undone, before anything is parsed. */
  readonly body: Buffer;
}

/** By lower-case name. Of a header that was sent more than once, all values, which no proof survives. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

export type Verification =
  /** `proof`: a digest of what was signed, which stays the same whatever else is in the request; only of proofs that hold for a while only. */
  | { readonly ok: true; readonly proof?: string }
  | { readonly ok: false; readonly flaw: VerificationFlaw };

/** Of one request. Each is compared with every secret, so that there must be an end. */
const maxSignatures = 10;
const digits = /^\d{1,15}$/;
/** As seconds, this would be the year 5138. */
const firstMilliseconds = 100_000_000_000;

function flawed(flaw: VerificationFlaw): Verification {
  return { ok: false, flaw };
}

/** What can be told before the body has been read: undefined if only the body can tell. */
export function verifyHead(verify: WebhookVerify, request: Omit<SignedRequest, 'body'>, secrets: readonly string[], now: number): Verification | undefined {
  switch (verify.kind) {
    case 'none':
      return { ok: true };
    case 'bearer':
      return verifySecret(bearerToken(request.headers.authorization), secrets);
    case 'query-secret': {
      const [value, ...more] = request.query.getAll(verify.parameter);
      return verifySecret(more.length === 0 ? value : undefined, secrets);
    }
    case 'signature': {
      const head = readHead(verify.signature, request.headers, now);
      return 'flaw' in head ? flawed(head.flaw) : undefined;
    }
  }
}

/** Verifies a request over its raw body. `secrets`: the values, any of which may have been used. `now`: wall time in milliseconds. */
export function verifyRequest(verify: WebhookVerify, request: SignedRequest, secrets: readonly string[], now: number): Verification {
  const early = verifyHead(verify, request, secrets, now);
  if (early !== undefined || verify.kind !== 'signature') return early ?? { ok: true };
  const { signature } = verify;
  const head = readHead(signature, request.headers, now);
  if ('flaw' in head) return flawed(head.flaw);
  const fits = signature.key === 'public-key' ? fitsPublicKey(signature, secrets, request, head) : fitsSecret(signature, secrets, request, head);
  if (fits === undefined) return flawed('unusable-secret');
  if (!fits) return flawed('wrong-signature');
  if (signature.timestamp === undefined) return { ok: true };
  // Not of the header: another signature beside the right one, or an ECDSA signature turned into its twin, would make a new event of an old request.
  const digest = createHash('sha256');
  for (const piece of signedPieces(signature, { ...request, ...head })) digest.update(piece);
  return { ok: true, proof: digest.digest('base64url') };
}

/** Undefined if none of the secrets is a key of the scheme. */
function fitsSecret(scheme: SignatureScheme, secrets: readonly string[], request: SignedRequest, head: ReadHead): boolean | undefined {
  const expected = secrets.flatMap((secret) => sign(scheme, secret, { ...request, ...head }) ?? []);
  if (expected.length === 0) return undefined;
  // All are compared, whichever fits.
  return head.signatures.map((given) => expected.map((right) => isSame(right, given)).includes(true)).includes(true);
}

function fitsPublicKey(scheme: SignatureScheme, secrets: readonly string[], request: SignedRequest, head: ReadHead): boolean | undefined {
  const keys = secrets.flatMap((secret) => publicKeyOf(secret) ?? []);
  if (keys.length === 0) return undefined;
  const data = Buffer.concat(signedPieces(scheme, { ...request, ...head }).map((piece) => Buffer.from(piece)));
  return head.signatures.some((given) => keys.some((key) => verifyWithKey(scheme.algorithm, data, key, given)));
}

/** A public key on the curve P-256: the base64 of its DER (SubjectPublicKeyInfo), as SendGrid shows it, or PEM. */
function publicKeyOf(secret: string): KeyObject | undefined {
  try {
    const der = secret.replace(/-----(?:BEGIN|END) PUBLIC KEY-----|\s/g, '');
    const key = createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

interface Signing {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
  readonly timestamp?: string | undefined;
  readonly id?: string | undefined;
}

/** The bytes that a sender with this secret would have sent; undefined if the secret's text is not a key of this scheme, or none that signs. */
export function sign(scheme: SignatureScheme, secret: string, signing: Signing): Buffer | undefined {
  const key = keyOf(scheme, secret);
  if (key === undefined) return undefined;
  const hmac = createHmac(scheme.algorithm, key);
  for (const piece of signedPieces(scheme, signing)) hmac.update(piece);
  return hmac.digest();
}

function signedPieces({ signed }: SignatureScheme, { method, url, body, timestamp = '', id = '' }: Signing): (string | Buffer)[] {
  return signed.map((part) => {
    switch (part.kind) {
      case 'text':
        return part.text;
      case 'body':
        return body;
      case 'timestamp':
        return timestamp;
      case 'id':
        return id;
      case 'method':
        return method;
      case 'url':
        return readableUrl(url);
    }
  });
}

/** The headers that a sender would add: for `sluice trigger --sign`. `now`: wall time in milliseconds; `id`: of the event. */
export function signedHeaders(scheme: SignatureScheme, secret: string, request: Pick<Signing, 'method' | 'url' | 'body'>, { now, id }: { readonly now: number; readonly id: string }): Readonly<Record<string, string>> {
  const timestamp = String(scheme.timestamp?.unit === 'ms' ? now : Math.floor(now / 1000));
  const value = `${scheme.prefix}${sign(scheme, secret, { ...request, timestamp, id })?.toString(scheme.encoding) ?? ''}`;
  const { timestamp: place, idHeader } = scheme;
  return {
    ...(idHeader === undefined ? {} : { [idHeader]: id }),
    ...(place === undefined || place.prefix !== undefined ? {} : { [place.header]: timestamp }),
    [scheme.header]: place?.prefix === undefined ? value : `${place.prefix}${timestamp}${scheme.separator ?? ','}${value}`,
  };
}

interface ReadHead {
  readonly signatures: readonly Buffer[];
  readonly timestamp?: string;
  readonly id?: string;
}

function readHead(scheme: SignatureScheme, headers: RequestHeaders, now: number): ReadHead | { readonly flaw: VerificationFlaw } {
  const header = headers[scheme.header];
  if (header === undefined || header === '') return { flaw: 'no-signature' };
  const parts = (scheme.separator === undefined ? [header] : header.split(scheme.separator, 2 * maxSignatures)).map((part) => part.trim());
  const values = parts.flatMap((part) => (part.startsWith(scheme.prefix) ? [part.slice(scheme.prefix.length)] : [])).slice(0, maxSignatures);
  const signatures = values.flatMap((value) => decode(value, scheme) ?? []);
  if (signatures.length === 0) return { flaw: 'malformed-signature' };
  const id = scheme.idHeader === undefined ? undefined : headers[scheme.idHeader];
  if (scheme.idHeader !== undefined && (id === undefined || id === '')) return { flaw: 'no-id' };
  if (scheme.timestamp === undefined) return { signatures, ...(id === undefined ? {} : { id }) };
  const timestamp = timestampOf(scheme.timestamp, headers, parts);
  if (timestamp === undefined || !digits.test(timestamp)) return { flaw: 'no-timestamp' };
  const sentAt = Number(timestamp) < firstMilliseconds ? Number(timestamp) * 1000 : Number(timestamp);
  if (sentAt < now - scheme.timestamp.toleranceMs) return { flaw: 'too-late' };
  // By seconds, a time of sending is rounded down, never up.
  if (sentAt > now + scheme.timestamp.toleranceMs) return { flaw: 'too-early' };
  return { signatures, timestamp, ...(id === undefined ? {} : { id }) };
}

function timestampOf({ header, prefix }: NonNullable<SignatureScheme['timestamp']>, headers: RequestHeaders, parts: readonly string[]): string | undefined {
  if (prefix === undefined) return headers[header];
  const found = parts.filter((part) => part.startsWith(prefix));
  return found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;

/** Two integers of 32 bytes at most in DER, on the curve P-256. */
const maxEcdsaBytes = 72;

/** Undefined for what can't be a digest, or a signature; its length says nothing about the secret. */
function decode(value: string, { encoding, algorithm, key }: SignatureScheme): Buffer | undefined {
  const isRight = encoding === 'hex' ? /^[0-9a-fA-F]+$/.test(value) : /^[A-Za-z0-9+/]+={0,2}$/.test(value);
  const bytes = isRight ? Buffer.from(value, encoding) : undefined;
  const isLong = key === 'public-key' ? bytes !== undefined && bytes.length > 8 && bytes.length <= maxEcdsaBytes : bytes?.length === digestBytes[algorithm];
  return isLong ? bytes : undefined;
}

/** An empty key would be one that everybody knows: what is not base64 has none. A text stays one: Node takes six times as long for its bytes. */
function keyOf({ key }: SignatureScheme, secret: string): string | Buffer | undefined {
  if (key === 'text') return secret === '' ? undefined : secret;
  if (key === 'public-key') return undefined;
  const encoded = secret.replace(/^whsec_/, '');
  return /^[A-Za-z0-9+/]{4,}={0,2}$/.test(encoded) ? Buffer.from(encoded, 'base64') : undefined;
}

/** In constant time: both are digests of one length, or digests are made of them. */
function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function verifySecret(given: string | undefined, secrets: readonly string[]): Verification {
  if (given === undefined || given === '') return flawed('no-secret');
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const mine = digest(given);
  return secrets.map((secret) => isSame(digest(secret), mine)).includes(true) ? { ok: true } : flawed('wrong-secret');
}

function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^bearer +([^\s]+)$/i.exec(header)?.[1];
}

/** HubSpot signs the URL with these characters decoded: its documentation lists them. */
const decoded: Readonly<Record<string, string>> = { '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$', '%27': "'", '%28': '(', '%29': ')', '%2A': '*', '%2C': ',', '%3B': ';' };

function readableUrl(url: string): string {
  return url.replace(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (code) => decoded[code.toUpperCase()] ?? code);
}
