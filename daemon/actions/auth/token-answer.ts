import { english } from '../../../schemas/wording/language.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';
import { type HttpAnswer, textOf, unpackBody } from '../http-answer.ts';

/** Bytes of an answer that are read: tokens have a few thousand. */
export const maxTokenBytes = 262_144;

/** RFC 6749, A.12: what an access token consists of. Anything else can be in no header. */
const accessToken = /^[\x20-\x7e]+$/;

/** An answer of which nothing can be read. `message` follows "the answer … is not usable: ". Never has any of the answer. */
export class UnreadableTokenAnswer extends Error {
  override readonly name = 'UnreadableTokenAnswer';
}

/**
 * The answer of a token server as RFC 6749 (5.1, 5.2) has it. Servers deviate from that, and an answer that isn't understood is not only a call that fails: if the server replaces refresh
 * tokens, the next one is in it and nowhere else. So whatever doesn't matter for the token is left out: what is null, a lifetime that is none, and the `id_token`, which says who the user is.
 *
 * @throws UnreadableTokenAnswer
 */
export async function tokenResponse(answer: HttpAnswer): Promise<Response> {
  const { status, headers } = answer;
  const unpacked = await unpackBody(answer, maxTokenBytes);
  if (unpacked.kind === 'too-large') throw new UnreadableTokenAnswer(`it is longer than ${maxTokenBytes.toLocaleString('en')} bytes`);
  if (unpacked.kind === 'undecodable') throw new UnreadableTokenAnswer(english.textOf(unpacked.problem));
  const { text } = textOf(unpacked.bytes, headers);
  const said = isSuccess(status) ? objectIn(text) : undefined;
  if (said !== undefined) return typeof said['error'] === 'string' && said['access_token'] === undefined ? Response.json(said, { status: 400 }) : Response.json(standard(said));
  const type = headers['content-type'];
  const hasNoBody = [204, 205, 304].includes(status);
  return new Response(hasNoBody ? null : text, { status, headers: typeof type === 'string' ? { 'content-type': type } : {} });
}

/** Some answer 201 or 202, and some say of a success what is an error. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Without what is null. */
function objectIn(text: string): JsonObject | undefined {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null)) : undefined;
}

function standard({ id_token: _who, scope, expires_in: expiresIn, token_type: type = 'Bearer', ...rest }: JsonObject): JsonObject {
  const { access_token: access } = rest;
  if (typeof access === 'string' && access !== '' && !accessToken.test(access)) throw new UnreadableTokenAnswer('its `access_token` has characters that no header can have');
  const seconds = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  return {
    ...rest,
    // `BearerToken`, say.
    token_type: typeof type === 'string' && /^bearer/i.test(type) ? 'Bearer' : type,
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(typeof seconds === 'number' && seconds >= 0 && seconds < Infinity ? { expires_in: seconds } : {}),
  };
}
