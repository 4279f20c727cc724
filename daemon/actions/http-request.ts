import type { JsonObject } from '../../schemas/workflow/json.ts';
import { httpRequest, type ExpectedStatus, type FormFields, type HttpRequestInput } from '../../schemas/workflow/actions/http-request.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import { abortedAttempt, type Action, type ActionContext, type ActionFailure, type ActionResult, inputValidator, invalidInput } from './action.ts';
import { BodyTooLargeError, largeBodyBytes } from './body-process.ts';
import type { HttpAnswer } from './http-answer.ts';
import { bodyWarning, decodeBody, parseBody, textOf, unpackBody, type UnpackedBody } from './http-body.ts';
import { smallBytes, type HttpCall, type HttpClient } from './http-client.ts';
import { outputHeaders, requestRecord, responseRecord } from './http-record.ts';
import { redirectOf } from './http-redirect.ts';
import { statusFailure } from './http-status-failure.ts';
import { readHeaders } from './http-headers.ts';
import { appendQuery, readUrl } from './http-url.ts';
import { explainError, networkFailure } from './network-failure.ts';

/** Fields of `with` that make the body. */
const bodyFields = ['json', 'form', 'text'] as const;
const defaultMaxBytes = 1_048_576;
/** How far an answer that fails anyway is decompressed for the record, in bytes. */
const failureBytes = 16_384;

/** Those that change nothing at the receiver (RFC 9110, 9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const validate = inputValidator<HttpRequestInput>(httpRequest);

/** `http/request`: one call, with its redirects. The client is shared, and stopped by its owner. */
export class HttpRequestAction implements Action {
  readonly definition = httpRequest;
  readonly #client: HttpClient;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const expected = expectation(valid.input.expect);
    const prepared = prepareCall(valid.input, expected, context);
    if ('ok' in prepared) return prepared;
    let call = prepared;
    for (let hops = 0; ; hops++) {
      const outcome = await this.#client.send(call);
      if (outcome.kind === 'aborted') return abortedAttempt(context.signal, { request: requestRecord(call) });
      if (outcome.kind === 'failed') return networkFailure(outcome.error, call.url.host, { request: requestRecord(call) }, outcome.isUnsent && hops === 0);
      if (expected(outcome.status)) return outcome.cutBy === undefined ? success(outcome, call, context) : incomplete(outcome, outcome.cutBy, call);
      const redirect = redirectOf(outcome, call, hops);
      if (redirect.kind === 'follow') {
        call = redirect.call;
        continue;
      }
      const body = await decodeBody(outcome, failureBytes);
      const text = body.kind === 'text' ? body.text : undefined;
      return statusFailure(outcome, text, call, context.now, redirect.kind === 'refused' ? redirect : undefined);
    }
  }

  async stop(): Promise<void> {}
}

function prepareCall(input: HttpRequestInput, expected: (status: number) => boolean, context: ActionContext): HttpCall | ActionFailure {
  const url = readUrl(input.url);
  if (!(url instanceof URL)) return url;
  appendQuery(url, pairs(input.query));
  const headers: Record<string, string> = { 'idempotency-key': context.idempotencyKey };
  const body = bodyOf(input);
  if (body !== undefined) headers['content-type'] = body.type;
  const given = readHeaders(input.headers);
  if ('ok' in given) return given;
  const maxBytes = input['max-bytes'] ?? defaultMaxBytes;
  return {
    url,
    method: input.method ?? 'GET',
    headers: { ...headers, ...given.headers },
    body: body?.text,
    bodyHasSecret: bodyFields.some((field) => context.secretFields.has(field)),
    // Of an answer that fails anyway, no more than its record needs.
    maxBytes: (status) => (expected(status) ? maxBytes : Math.min(maxBytes, smallBytes)),
    signal: context.signal,
    depart: context.depart,
    room: (bytes) => context.room(bytes),
  };
}

async function success(answer: HttpAnswer, call: HttpCall, context: ActionContext): Promise<ActionResult> {
  const { host } = call.url;
  try {
    const unpacked = await unpack(answer, call, context);
    if (unpacked.kind === 'too-large') return unusable(answer, call, 'response too large', `its body is larger than max-bytes (${call.maxBytes(answer.status)} bytes)`);
    if (unpacked.kind === 'undecodable') return unusable(answer, call, 'response not readable', unpacked.message);
    const { bytes } = unpacked;
    const output = { status: answer.status, headers: outputHeaders(answer.headers) };
    const request = requestRecord(call);
    if (bytes.length > largeBodyBytes) {
      const { json, ...warning } = await context.encodeLargeBody(output, { bytes, headers: answer.headers, host });
      return { ok: true, output, encodedOutput: json, request, ...warning };
    }
    const { text, isGarbled } = textOf(bytes, answer.headers);
    const body = parseBody(text, answer.headers);
    return { ok: true, output: { ...output, body: body.value }, request, ...bodyWarning(host, isGarbled, body) };
  } catch (error) {
    if (context.signal.aborted) return incomplete(answer, error instanceof Error ? error : new Error(String(error)), call);
    // A call that changes nothing is made again when the machine has what it lacks.
    if (error instanceof MachineTroubleError && safeMethods.has(call.method)) throw error;
    if (error instanceof BodyTooLargeError) return unusable(answer, call, 'response too large', error.message);
    return unusable(answer, call, 'response not readable', error instanceof Error ? error.message : String(error));
  }
}

/** Few bytes may unfold into many, for which no room was asked when they were read. */
async function unpack(answer: HttpAnswer, { maxBytes }: HttpCall, context: ActionContext): Promise<UnpackedBody> {
  const mostBytes = maxBytes(answer.status);
  if (answer.body.length > smallBytes || mostBytes <= smallBytes) return unpackBody(answer, mostBytes);
  const small = await unpackBody(answer, smallBytes);
  if (small.kind !== 'too-large') return small;
  await context.room(mostBytes);
  return unpackBody(answer, mostBytes);
}

/** The status is as expected, and the rest of the answer didn't come, or isn't HTTP. A call that changes nothing is simply made again. */
function incomplete(answer: HttpAnswer, cutBy: Error, call: HttpCall): ActionFailure {
  const { signal, url } = call;
  if (!safeMethods.has(call.method)) {
    const reason = signal.aborted ? 'the attempt ended before the whole answer had come' : `its answer could not be read to the end: ${explainError(cutBy)}`;
    return unusable(answer, call, 'answer cut short', reason);
  }
  const record = { request: requestRecord(call), response: responseRecord(answer, undefined) };
  return signal.aborted ? abortedAttempt(signal, record) : networkFailure(cutBy, url.host, record);
}

/** `invalid`, because a repeat would meet the same answer, or would repeat an effect that has already taken place. */
function unusable(answer: HttpAnswer, call: HttpCall, cause: string, reason: string): ActionFailure {
  const isSafe = safeMethods.has(call.method);
  const why = isSafe ? 'it would be answered in the same way' : 'the call has had its effect';
  const failure = invalidInput(cause, `${call.url.host} answered ${answer.status}, but ${reason}. It isn't repeated, because ${why}.`, {
    request: requestRecord(call),
    response: responseRecord(answer, undefined),
    ...(isSafe ? {} : { effectStands: true }),
  });
  return { ...failure, error: { ...failure.error, status: answer.status } };
}

function bodyOf(input: HttpRequestInput): { readonly text: string; readonly type: string } | undefined {
  if (input.json !== undefined) return { text: JSON.stringify(input.json), type: 'application/json' };
  if (input.form !== undefined) {
    return { text: new URLSearchParams(pairs(input.form)).toString(), type: 'application/x-www-form-urlencoded' };
  }
  if (input.text !== undefined) return { text: input.text, type: 'text/plain; charset=utf-8' };
  return undefined;
}

function pairs(fields: FormFields | undefined): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(fields ?? {})) {
    for (const one of isList(value) ? value : [value]) if (one !== null) list.push([name, String(one)]);
  }
  return list;
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

function expectation(expect: HttpRequestInput['expect']): (status: number) => boolean {
  if (expect === undefined) return (status) => status >= 200 && status < 300;
  const list: readonly ExpectedStatus[] = isList(expect) ? expect : [expect];
  return (status) => list.some((one) => (typeof one === 'number' ? one === status : Number(one[0]) === Math.floor(status / 100)));
}
