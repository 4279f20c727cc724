import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { MachineTrouble } from '../core/machine-trouble.ts';
import type { ActionDefinition } from '../../schemas/workflow/actions/action-definition.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { StepCode } from '../../schemas/workflow/model.ts';
import type { HttpAuth, HttpConnection, PostgresConnection, SmtpConnection, SqliteConnection } from '../../schemas/workflow/connections/connection.ts';
import { valueProblems } from '../../schemas/workflow/value-problem.ts';
import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import { told, type Told } from '../../schemas/wording/told.ts';
import type { Wait } from '../ledger/call.ts';
import type { EncodedOutput } from './body-output.ts';
import type { LargeBody } from './body-process.ts';

/** Something a step can do. Stateless between attempts, but for the connections it pools until `stop()`. */
export interface Action {
  readonly definition: ActionDefinition;
  /**
   * Makes one attempt. Resolves for every expected ending, good or bad; a rejection is a bug and is treated as a failure
   * that isn't retried. Must end soon after `context.signal` aborts, with its sockets closed.
   */
  execute(input: JsonObject, context: ActionContext): Promise<ActionResult>;
  /** Closes pooled connections. Idempotent. */
  stop(): Promise<void>;
}

export interface ActionContext {
  /** Aborts on timeout, cancel and stop. */
  readonly signal: AbortSignal;
  /** After what time `signal` aborts at the latest, but for waits that don't count, in milliseconds: for the other side, so that it stops by itself. */
  readonly timeLimitMs: number;
  /** The same in every attempt of a job, until its payload is edited: 1 to 200 characters of `[A-Za-z0-9_-]`. */
  readonly idempotencyKey: string;
  /** From 1; a replay begins a new one, in which what was final before may be tried again. */
  readonly round: number;
  /** What earlier attempts of the job have achieved, as the last of them told it; a replay and an edit of the payload leave it. */
  readonly progress: Json | undefined;
  /** When the job was made, in milliseconds since the epoch: for headers that must be the same in all attempts. */
  readonly jobCreatedAt: number;
  /** Wall time of this attempt's start, in milliseconds since the epoch. */
  readonly now: number;
  /** The fields of the input, by their keys at its root, into which secrets were filled. */
  readonly secretFields: ReadonlySet<string>;
  /** A connection of `connections.yaml` with its secrets filled in; undefined if there is none of that name. */
  connection(name: string): ResolvedConnection | undefined;
  /**
   * Asks to leave. To be awaited right before the first byte of the request, when everything else is ready (the connection stands,
   * the message is made), because what a queue's rate spaces is what the receiver sees. Rejects when the attempt is aborted while it
   * waits, which doesn't count against its time limit. An attempt leaves once: asked again, it gives the same answer.
   *
   * Undefined if the queue has no rate. Where an action doesn't ask, its starts are spaced, and count by the attempt's end.
   */
  readonly depart: (() => Promise<void>) | undefined;
  /**
   * Asks for memory to hold an answer of that many bytes, before more than some kilobytes of it are read. Waits while other answers hold what there is,
   * which doesn't count against the time limit; rejects when the attempt is aborted meanwhile. Ask once.
   */
  room(bytes: number): Promise<void>;
  /**
   * Decodes, masks and encodes the body of an answer in another process. The time limit stands still meanwhile: the receiver
   * has done its part. `output` is the rest of the output, with a field at least.
   * @throws BodyTooLargeError, MachineTroubleError, Error; see `BodyProcess.encode`
   */
  encodeLargeBody(output: JsonObject, body: LargeBody): Promise<EncodedOutput>;
  /** The code in the step's `with` as its file has it, if its lines are lines of the file. */
  readonly code: StepCode | undefined;
  /** The project's folder, absolute: attachments and templates are named relative to it. */
  readonly projectFolder: string;
  /** The daemon that makes the attempt, if others share its store: files that are wrong, or not there, are those of its machine. */
  readonly machine?: string;
}

/** A connection with its secrets in plain text; they must not be kept, logged or put into a message. */
export type ResolvedConnection = ResolvedSmtpConnection | ResolvedHttpConnection | ResolvedPostgresConnection | ResolvedSqliteConnection;

export type ResolvedSmtpConnection = Omit<SmtpConnection, 'password' | 'ca'> & { readonly password?: string; readonly ca?: ConnectionFile };

export type ResolvedHttpConnection = Pick<HttpConnection, 'name' | 'type' | 'url'> & { readonly headers: Readonly<Record<string, string>>; readonly auth?: HttpAuth<string> };

export type ResolvedPostgresConnection = Pick<PostgresConnection, 'name' | 'type' | 'pool'> & { readonly url: string; readonly ca?: ConnectionFile };

export type ResolvedSqliteConnection = Pick<SqliteConnection, 'name' | 'type'> & { readonly file: ConnectionFile };

/** A file that a connection names, relative to the project's folder, which is absolute. */
export interface ConnectionFile {
  readonly folder: string;
  readonly path: string;
  /** See `ActionContext`. */
  readonly machine?: string;
}

export type ActionResult = ActionSuccess | ActionFailure;

/** A run that is to be made, with the workflow as it was read. */
export type PreparedRun = Extract<Wait, { for: 'run' }>['run'];

export interface ActionSuccess {
  readonly ok: true;
  /** Conforms to the definition's output schema. */
  readonly output: Json;
  /** The whole of it as `encodeLargeBody` has made it, where `output` lacks its large body. */
  readonly encodedOutput?: Uint8Array;
  /** It has nothing to do until something comes: its output is made then, from what has come. */
  readonly wait?: Wait;
  readonly request?: Json;
  /** What came back besides the output, bounded, for the attempt's record. */
  readonly response?: Json;
  /** Of an HTTP call: the URL that was called first, and the one that answered, behind all redirects. */
  readonly called?: { readonly first: URL; readonly last: URL };
  /** Called when this outcome survives the death of the process, so that the attempt isn't repeated. Must not throw. */
  readonly onSettled?: () => void;
  /** What a person should know of it all the same, in one or two sentences: a recipient who was refused. */
  readonly warning?: string;
}

/** What went wrong, in the words of the retry policy. */
export interface ActionFailure {
  readonly ok: false;
  readonly error: AttemptError;
  /** Nothing has left, because this machine lacks what it takes: isn't charged. */
  readonly machine?: MachineTrouble;
  /** What was sent and what came back, bounded, for the attempt's record. */
  readonly request?: Json;
  readonly response?: Json;
  /** How long the receiver asked us to wait, from `Retry-After`, in milliseconds from `context.now`; always greater than 0. */
  readonly retryAfterMs?: number;
  /** The receiver asks for a pause (429, or 503 with `Retry-After`): holds the queue back, and isn't charged as an attempt. */
  readonly throttled?: boolean;
  /** The receiver has confirmed the call, and only its answer is unusable: not repeated, even if a stop cut the attempt off. */
  readonly effectStands?: true;
  /** A part was done, and the next attempt must not do it again: handed to it as `context.progress`. Left out where this attempt did nothing. */
  readonly progress?: Json;
  /** The receiver took a part and asks for the rest immediately: the next attempt waits for nothing, and isn't charged. Needs `progress`. */
  readonly continues?: true;
}

export interface AttemptError {
  /**
   * `status`: the other side answered with a status or reply that isn't expected; `network`: no answer; `timeout`: aborted by
   * the time limit; `invalid`: a repeat can't help or may do harm (the input can't be sent as it is, or the effect stands), so there is none; `crash_loop`, `interrupted`: set by the engine.
   */
  readonly kind: 'status' | 'network' | 'timeout' | 'invalid' | 'internal' | 'interrupted' | 'crash_loop' | 'cancelled';
  /** Groups dead letters: stable, without ids or times, at most 100 characters: `503 Service Unavailable`, `ECONNREFUSED`. */
  readonly cause: string;
  /** One or two sentences for a person, in English. */
  readonly message: string;
  /** The same for readers of other languages; not there if the text had to be cut. */
  readonly wording?: Message;
  /** HTTP status or SMTP reply code. */
  readonly status?: number;
  /** Says that `status` is an SMTP reply code: there 4yz is worth a retry and 5yz isn't, the reverse of HTTP. Missing for HTTP. */
  readonly protocol?: 'smtp';
}

/** Longest `cause`, in characters, and longest `message` kept. */
const maxCause = 100;
const maxMessage = 1000;

export type FailureDetails = Omit<ActionFailure, 'ok' | 'error'>;

/** An `AttemptError` within its bounds: one line of cause, a message that no server can blow up. A text that is given as a string is in English for everybody. */
export function attemptError(kind: AttemptError['kind'], cause: string, text: string | Message): AttemptError {
  const { message, wording }: Told = typeof text === 'string' ? { message: text } : told(text);
  return { kind, cause: cause.replace(/\s+/g, ' ').slice(0, maxCause), message: message.slice(0, maxMessage), ...(wording === undefined || message.length > maxMessage ? {} : { wording }) };
}

/** The input can't be sent as it is: never retried. */
export function invalidInput(cause: string, text: string | Message, details: FailureDetails = {}): ActionFailure {
  return { ok: false, error: attemptError('invalid', cause, text), ...details };
}

/**
 * What an aborted attempt ends with. A `TimeoutError` as the signal's reason (as of `AbortSignal.timeout`) means the
 * time limit; anything else, a cancel or a stop. Whether the other side had already acted can't be known.
 */
export function abortedAttempt(signal: AbortSignal, details: FailureDetails = {}): ActionFailure {
  const reason: unknown = signal.reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  const error = timedOut
    ? attemptError('timeout', 'timeout', message('The attempt was ended by its time limit. The other side may have acted on it all the same.'))
    : attemptError('cancelled', 'cancelled', message('The attempt was stopped. The other side may have acted on it all the same.'));
  return { ok: false, error, ...details };
}

export type ValidatedInput<Input> = { readonly ok: true; readonly input: Input } | { readonly ok: false; readonly failure: ActionFailure };

/**
 * Checks rendered inputs against an action's schema, compiled at the first check (the others take about a microsecond). `Input` must be what
 * the schema admits: the type is beside the schema, in the same file.
 */
export function inputValidator<Input>(definition: ActionDefinition): (input: JsonObject) => ValidatedInput<Input> {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, verbose: true, keywords: ['x-secret'] });
  let compiled: ValidateFunction<Input> | undefined;
  return (input) => {
    const validate = (compiled ??= ajv.compile<Input>(definition.input));
    const candidate: unknown = input;
    if (validate(candidate)) return { ok: true, input: candidate };
    const problems = valueProblems(validate.errors ?? [], { what: '`with`' }).slice(0, 3);
    return { ok: false, failure: invalidInput('invalid input', message('{action}: {problem}', { action: definition.name, problem: sentences(...problems) })) };
  };
}
