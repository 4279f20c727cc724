import { messageOfError } from '../../schemas/protocol/error.ts';
import { message, verbatim, type Message } from '../../schemas/wording/message.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { httpRequest, maxBytesProblem, type ExpectedStatus, type HttpRequestInput } from '../../schemas/workflow/actions/http-request.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import { abortedAttempt, attemptError, type Action, type ActionContext, type ActionFailure, type ActionResult, inputValidator, invalidInput, type ResolvedHttpConnection } from './action.ts';
import { AnswerFile, UnusableAnswerError } from './answer-file.ts';
import { type CallAuth, callAuth } from './auth/call-auth.ts';
import { BodyTooLargeError, largeBodyBytes } from './body-process.ts';
import { connectionUrl } from './connection-url.ts';
import { bodyMismatch, mismatchMessage, type BodyMismatch } from './expected-body.ts';
import { type HttpAnswer, bodyWarning, decodeBody, parseBody, textOf, unpackBody, type UnpackedBody } from './http-answer.ts';
import { smallBytes, type HttpCall, type HttpClient, type HttpOutcome } from './http-client.ts';
import { outputHeaders, requestRecord, responseRecord } from './http-record.ts';
import { redirectOf } from './http-redirect.ts';
import { outputPlace } from './files/output-place.ts';
import { writeFailure, writeProblem } from './files/write-problem.ts';
import { bodyFields, pairs, textBody } from './http-body.ts';
import { statusFailure } from './http-status-failure.ts';
import { MultipartBody } from './multipart-body.ts';
import { readHeaders, appendQuery, readUrl } from './http-input.ts';
import { explainError, networkFailure } from './network-failure.ts';

const defaultMaxBytes = 1_048_576;
/** The same of an answer that is saved as a file. */
const defaultFileBytes = 1_073_741_824;
/** How far an answer that fails anyway is decompressed for the record, in bytes. */
const failureBytes = 16_384;

/** Those that change nothing at the receiver (RFC 9110, 9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const validate = inputValidator<HttpRequestInput>(httpRequest);

/** `http/request`: one call, with its redirects. The client is shared, and stopped by its owner. */
export class HttpRequestAction implements Action {
  readonly definition = httpRequest;
  readonly #client: HttpClient;
  readonly #proofs: Parameters<typeof callAuth>[1];

  constructor(client: HttpClient, proofs: Parameters<typeof callAuth>[1]) {
    this.#client = client;
    this.#proofs = proofs;
  }

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const tooMuch = maxBytesProblem(maxBytesOf(valid.input), valid.input['save-as'] !== undefined);
    if (tooMuch !== undefined) return invalidInput('invalid input', message('{action}: {problem}', { action: httpRequest.name, problem: tooMuch }));
    const expected = expectation(valid.input.expect);
    const connection = connectionOf(valid.input, context);
    if (connection !== undefined && 'ok' in connection) return connection;
    const files = await callFiles(valid.input, context);
    if ('ok' in files) return files;
    try {
      const prepared = prepareCall(valid.input, connection, expected, files, context);
      return 'ok' in prepared ? prepared : await this.#call(prepared, expected, connection, { file: files.answer, body: valid.input['expect-body'] }, context);
    } finally {
      await Promise.all([files.multipart?.close(), files.answer?.abandon()]);
    }
  }

  async #call(prepared: HttpCall, expected: (status: number) => boolean, connection: ResolvedHttpConnection | undefined, wanted: WantedAnswer, context: ActionContext): Promise<ActionResult> {
    const auth = connection && callAuth(connection, this.#proofs);
    let call = prepared;
    for (let hops = 0; ; hops++) {
      const outcome = await this.#send(call, auth);
      if ('ok' in outcome) return outcome;
      if (outcome.kind === 'aborted') return abortedAttempt(context.signal, { request: requestRecord(call) });
      if (outcome.kind === 'failed') return networkFailure(outcome.error, call.url.host, { request: requestRecord(call) }, outcome.isUnsent && hops === 0);
      if (expected(outcome.status)) return outcome.cutBy === undefined ? success(outcome, call, { first: prepared.url, last: call.url }, wanted, context) : incomplete(outcome, outcome.cutBy, call);
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

  /** What is recorded is the call without its proof. */
  async #send(call: HttpCall, auth: CallAuth | undefined): Promise<HttpOutcome | ActionFailure> {
    if (auth === undefined) return this.#client.send(call);
    for (;;) {
      const proven = await auth.prove(call);
      if ('ok' in proven) return { ...proven, request: requestRecord(call) };
      const outcome = await this.#client.send(proven);
      if (outcome.kind !== 'answer') return outcome;
      const again = await auth.answered(call, outcome.status);
      if (again === false) return outcome;
      if (again !== true) return { ...again, request: requestRecord(call) };
    }
  }

  async stop(): Promise<void> {}
}

function connectionOf({ connection: name }: HttpRequestInput, context: ActionContext): ResolvedHttpConnection | ActionFailure | undefined {
  if (name === undefined) return undefined;
  const connection = context.connection(name);
  if (connection === undefined) return invalidInput('unknown connection', message('.sluice/connections.yaml has no connection {name}.', { name: JSON.stringify(name) }));
  return connection.type === 'http' ? connection : invalidInput('unknown connection', message('The connection {name} is of the type {type}; http/request takes one of the type http.', { name: JSON.stringify(name), type: connection.type }));
}

function maxBytesOf(input: HttpRequestInput): number {
  return input['max-bytes'] ?? (input['save-as'] === undefined ? defaultMaxBytes : defaultFileBytes);
}

/** The files of the project that a call takes, open. */
interface CallFiles {
  readonly multipart: MultipartBody | undefined;
  readonly answer: AnswerFile | undefined;
}

/** What becomes of an answer with an expected status: it is saved, or its body is compared with what is expected. */
interface WantedAnswer {
  readonly file: AnswerFile | undefined;
  readonly body: JsonObject | undefined;
}

/** Nothing is sent if one of them can't be opened. */
async function callFiles(input: HttpRequestInput, { projectFolder, machine, idempotencyKey }: ActionContext): Promise<CallFiles | ActionFailure> {
  const { multipart: fields, 'save-as': path } = input;
  const multipart = fields === undefined ? undefined : await MultipartBody.open(fields, projectFolder, machine);
  if (multipart !== undefined && !(multipart instanceof MultipartBody)) return invalidInput('file not readable', multipart);
  if (path === undefined) return { multipart, answer: undefined };
  try {
    const place = await outputPlace(projectFolder, path, machine);
    if (place.ok) return { multipart, answer: await AnswerFile.open(place, idempotencyKey, maxBytesOf(input)) };
    await multipart?.close();
    return invalidInput('file not written', message('{place}: {problem}', { place: '`save-as`', problem: place.problem }));
  } catch (error) {
    await multipart?.close();
    return writeFailure(path, error, machine);
  }
}

function prepareCall(input: HttpRequestInput, connection: ResolvedHttpConnection | undefined, expected: (status: number) => boolean, { multipart, answer }: CallFiles, context: ActionContext): HttpCall | ActionFailure {
  const url = connection === undefined ? readUrl(input.url) : connectionUrl(connection.url, input.url);
  if (!(url instanceof URL)) return url;
  appendQuery(url, pairs(input.query));
  const headers: Record<string, string> = { 'idempotency-key': context.idempotencyKey };
  const body = multipart === undefined ? textBody(input) : { content: multipart, type: multipart.type };
  if (body !== undefined) headers['content-type'] = body.type;
  const given = readHeaders(input.headers);
  if ('ok' in given) return given;
  if (multipart !== undefined && given.headers['content-type'] !== undefined) return invalidInput('invalid headers', message('The header content-type is set by `multipart` itself, and can\'t be set here.'));
  const maxBytes = maxBytesOf(input);
  return {
    url,
    method: input.method ?? 'GET',
    // The type of a multipart body has its boundary.
    headers: { ...headers, ...connection?.headers, ...given.headers, ...(multipart === undefined ? {} : { 'content-type': multipart.type }) },
    body: body?.content,
    bodyHasSecret: bodyFields.some((field) => context.secretFields.has(field)),
    target: answer && ((status, answered) => (expected(status) ? answer.target(answered) : undefined)),
    // Of an answer that fails anyway, no more than its record needs.
    maxBytes: (status) => (expected(status) ? maxBytes : Math.min(maxBytes, smallBytes)),
    signal: context.signal,
    depart: context.depart,
    room: (bytes) => context.room(bytes),
  };
}

async function success(answer: HttpAnswer, call: HttpCall, called: { readonly first: URL; readonly last: URL }, { file, body: expected }: WantedAnswer, context: ActionContext): Promise<ActionResult> {
  const { host } = call.url;
  try {
    if (file !== undefined) {
      const saved = await file.commit(answer.unsavedBy);
      return { ok: true, output: { status: answer.status, headers: outputHeaders(answer.headers), body: null, file: { ...saved } }, request: requestRecord(call), called };
    }
    const unpacked = await unpack(answer, call, context);
    if (unpacked.kind === 'too-large') return unusable(answer, call, 'response too large', message('its body is larger than max-bytes ({max} bytes)', { max: String(call.maxBytes(answer.status)) }));
    if (unpacked.kind === 'undecodable') return unusable(answer, call, 'response not readable', unpacked.problem);
    const { bytes } = unpacked;
    const output = { status: answer.status, headers: outputHeaders(answer.headers) };
    const request = requestRecord(call);
    if (bytes.length > largeBodyBytes) {
      const { json, mismatch, ...warning } = await context.encodeLargeBody(output, { bytes, headers: answer.headers, host, ...(expected === undefined ? {} : { expected }) });
      if (mismatch !== undefined) return unexpected(answer, '', call, mismatch);
      return { ok: true, output, encodedOutput: json, request, called, ...warning };
    }
    const { text, isGarbled } = textOf(bytes, answer.headers);
    const body = parseBody(text, answer.headers);
    const mismatch = expected && bodyMismatch(expected, body.value);
    if (mismatch !== undefined) return unexpected(answer, text, call, mismatch);
    return { ok: true, output: { ...output, body: body.value }, request, called, ...bodyWarning(host, isGarbled, body) };
  } catch (error) {
    if (context.signal.aborted) return incomplete(answer, error instanceof Error ? error : new Error(String(error)), call);
    if (error instanceof UnusableAnswerError) return unusable(answer, call, error.label, error.problem);
    if (file !== undefined) return unsaved(answer, call, file, error, context);
    // A call that changes nothing is made again when the machine has what it lacks.
    if (error instanceof MachineTroubleError && safeMethods.has(call.method)) throw error;
    if (error instanceof BodyTooLargeError) return unusable(answer, call, 'response too large', verbatim(error.message));
    return unusable(answer, call, 'response not readable', verbatim(messageOfError(error)));
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
    const reason = signal.aborted ? message('the attempt ended before the whole answer had come') : message('its answer could not be read to the end: {problem}', { problem: explainError(cutBy) });
    return unusable(answer, call, 'answer cut short', reason);
  }
  const record = { request: requestRecord(call), response: responseRecord(answer, undefined) };
  return signal.aborted ? abortedAttempt(signal, record) : networkFailure(cutBy, url.host, record);
}

/** A failure that was told with a status of success. The retry policy decides by that status. */
function unexpected(answer: HttpAnswer, text: string, call: HttpCall, mismatch: BodyMismatch): ActionFailure {
  const { status } = answer;
  const error = attemptError('status', 'unexpected body', mismatchMessage(call.url.host, status, mismatch));
  return { ok: false, error: { ...error, status }, request: requestRecord(call), response: responseRecord(answer, text) };
}

/** A call that changes nothing is made again, if the file can be written then. */
function unsaved(answer: HttpAnswer, call: HttpCall, file: AnswerFile, error: unknown, { machine }: ActionContext): ActionFailure {
  if (safeMethods.has(call.method)) return { ...writeFailure(file.path, error, machine), request: requestRecord(call) };
  return unusable(answer, call, 'answer not saved', verbatim(`${JSON.stringify(file.path)} ${writeProblem(error)}`));
}

/** `invalid`, because a repeat would meet the same answer, or would repeat an effect that has already taken place. */
function unusable(answer: HttpAnswer, call: HttpCall, cause: string, reason: Message): ActionFailure {
  const isSafe = safeMethods.has(call.method);
  const told = { host: call.url.host, status: String(answer.status), reason };
  const wording = isSafe
    ? message("{host} answered {status}, but {reason}. It isn't repeated, because it would be answered in the same way.", told)
    : message("{host} answered {status}, but {reason}. It isn't repeated, because the call has had its effect.", told);
  const failure = invalidInput(cause, wording, {
    request: requestRecord(call),
    response: responseRecord(answer, undefined),
    ...(isSafe ? {} : { effectStands: true }),
  });
  return { ...failure, error: { ...failure.error, status: answer.status } };
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

function expectation(expect: HttpRequestInput['expect']): (status: number) => boolean {
  if (expect === undefined) return (status) => status >= 200 && status < 300;
  const list: readonly ExpectedStatus[] = isList(expect) ? expect : [expect];
  return (status) => list.some((one) => (typeof one === 'number' ? one === status : Number(one[0]) === Math.floor(status / 100)));
}
