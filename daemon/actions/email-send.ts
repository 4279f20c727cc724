import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import MailComposer from 'nodemailer/lib/mail-composer';
import { Readable } from 'node:stream';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { emailSend, type EmailSendInput } from '../../schemas/workflow/actions/email-send.ts';
import { abortedAttempt, type Action, type ActionContext, type ActionResult, type FailureDetails, inputValidator, invalidInput } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import { type EmailAddress, type EmailMessage, prepareMessage } from './email-message.ts';
import { addReplies, hitRecipientLimit, keptProgress, openRecipients, startProgress, type EmailProgress } from './email-progress.ts';
import { replyFailure, smtpFailure, throttlesSender } from './smtp-failure.ts';
import { NoUtf8Error, type OutgoingMessage, type SentMessage, SmtpPools } from './smtp-pool.ts';
import { refusedRecipients, type RefusedRecipient } from './smtp-session.ts';
import { english } from '../../schemas/wording/language.ts';

/** How much of a body and subject, in characters, and how many recipients, an attempt's record keeps. */
const maxExcerpt = 4096;
const maxSubject = 200;
const maxRecipients = 20;

const validate = inputValidator<EmailSendInput>(emailSend);

/** Recipients that a sentence names, and characters of a server's words about each. */
const maxNamed = 5;
const maxNamedReply = 120;

/**
 * `email/send`: one message over a pooled SMTP connection.
 *
 * A server may take some recipients and put others off. Those are the next attempt's, which sends the same message, with the same
 * `Message-ID`, to nobody else: who has it is the attempt's progress, which the job keeps.
 *
 * An aborted attempt closes the socket that carries its message, or leaves the pool's queue if it has none yet; other messages of the pool
 * continue. A 250 that comes in the same instant is no longer read: the server may have the message while the attempt counts as failed, and
 * so it is where the process dies before it has noted the outcome. The next attempt carries the same `Message-ID`, by which receivers drop
 * the second.
 */
export class EmailSendAction implements Action {
  readonly definition = emailSend;
  readonly #pools: SmtpPools;

  constructor(guard: AddressGuard) {
    this.#pools = new SmtpPools(guard);
  }

  async execute(given: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(given);
    if (!valid.ok) return valid.failure;
    const { input } = valid;
    const connection = context.connection(input.connection);
    if (connection === undefined) {
      return invalidInput('unknown connection', message('.sluice/connections.yaml has no connection {name}.', { name: JSON.stringify(input.connection) }));
    }
    if (connection.type !== 'smtp') return invalidInput('unknown connection', message('The connection {name} is of the type {type}; email/send takes one of the type smtp.', { name: JSON.stringify(connection.name), type: connection.type }));
    if (connection.user !== undefined && (connection.password ?? '') === '') {
      return invalidInput('no password', message('The connection {name} has a `user`, but no `password`.', { name: JSON.stringify(connection.name) }));
    }
    const prepared = await prepareMessage(input, connection.from, context);
    if (!prepared.ok) return invalidInput(prepared.cause, prepared.problem);
    const { email } = prepared;
    const mime = new MailComposer(email).compile();
    const { from, to } = mime.getEnvelope();
    const { depart } = context;
    if (depart !== undefined) mime.processFunc((content) => Readable.from(departing(content, depart), { objectMode: false }));
    const before = startProgress(input, context.round, context.progress);
    const open = openRecipients(before, to);
    const request = messageRecord(connection.name, email, open.length < to.length ? open : undefined);
    const report: Report = { input, context, peer: `${connection.host}:${connection.port}`, messageId: email.messageId, before, request };
    if (open.length === 0) return sentResult(report, before, 'Nothing was left to send: all others have it.');
    try {
      const outgoing: OutgoingMessage = {
        envelope: { from: from === false ? '' : from, to: open },
        needsUtf8: beyondAscii(email).length > 0,
        content: () => mime.createReadStream(),
      };
      return answered(report, await this.#pools.get(connection).send(outgoing, context.signal));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (context.signal.aborted) return abortedAttempt(context.signal, { request });
      if (error instanceof NoUtf8Error) return withoutUtf8(report, email);
      const refused = refusedRecipients('rejectedErrors' in error && Array.isArray(error.rejectedErrors) ? error.rejectedErrors : undefined);
      if (refused.length > 0) return answered(report, { accepted: [], refused, response: '', reconnects: [] });
      return smtpFailure(error, report.peer, { request });
    }
  }

  async stop(): Promise<void> {
    this.#pools.stop();
  }
}

/** One attempt, for what is told of it. */
interface Report {
  readonly input: EmailSendInput;
  readonly context: ActionContext;
  readonly peer: string;
  readonly messageId: string;
  readonly before: EmailProgress;
  readonly request: JsonObject;
}

/** The server has answered for each recipient. */
function answered(report: Report, { accepted, refused, response, reconnects }: SentMessage): ActionResult {
  const { progress, deferred } = addReplies(report.before, accepted, refused);
  const request = reconnects.length === 0 ? report.request : { ...report.request, reconnects };
  const first = deferred.find(throttlesSender) ?? deferred[0];
  if (first === undefined) {
    if (progress.accepted.length > 0) return sentResult({ ...report, request }, progress, response);
    const last = refused.at(-1) ?? { status: 0, reply: 'nothing' };
    return replyFailure(last, message('{host} refused all recipients: {list}.', { host: report.peer, list: named(progress.rejected) }), { request }, repliesRecord(progress, deferred));
  }
  const isFurther = accepted.length > 0 || progress.rejected.length > report.before.rejected.length;
  const details: FailureDetails = {
    request,
    ...(isFurther ? { progress: keptProgress(report.input, report.context.round, progress) } : {}),
    ...(accepted.length > 0 && deferred.every(hitRecipientLimit) ? { continues: true } : {}),
  };
  return replyFailure(first, putOff(report.peer, progress, deferred), details, repliesRecord(progress, deferred));
}

function sentResult({ messageId, request }: Report, { accepted, rejected }: EmailProgress, response: string): ActionResult {
  const output = { 'message-id': messageId, accepted, rejected: rejected.map(({ recipient }) => recipient), rejections: rejected.map(({ recipient, reply }) => ({ recipient, reply })), response };
  if (rejected.length === 0) return { ok: true, output, request };
  const total = accepted.length + rejected.length;
  return { ok: true, output, request, warning: english.say('{count, plural, one {# of {total} recipients was refused for good: {list}.} other {# of {total} recipients were refused for good: {list}.}}', { count: rejected.length, total, list: named(rejected) }) };
}

function putOff(peer: string, { accepted, rejected }: EmailProgress, deferred: readonly RefusedRecipient[]): Message {
  const total = accepted.length + rejected.length + deferred.length;
  return sentences(
    message('{total, plural, =1 {{peer} put the recipient off: {list}.} other {{peer} put off {count} of # recipients: {list}.}}', { total, peer, count: deferred.length, list: named(deferred) }),
    accepted.length === 0 ? undefined : message('Already sent, and not sent again, to {list}.', { list: list(accepted) }),
    rejected.length === 0 ? undefined : message('Refused for good: {list}.', { list: named(rejected) }),
  );
}

/** All of them: a sentence names but the first. */
function repliesRecord({ accepted, rejected }: EmailProgress, deferred: readonly RefusedRecipient[]): JsonObject {
  const shown = (list: readonly { readonly recipient: string; readonly reply: string }[]): Json => list.map(({ recipient, reply }) => ({ recipient, reply }));
  return {
    ...(accepted.length === 0 ? {} : { accepted }),
    ...(deferred.length === 0 ? {} : { deferred: shown(deferred) }),
    ...(rejected.length === 0 ? {} : { rejected: shown(rejected) }),
  };
}

function named(recipients: readonly { readonly recipient: string; readonly reply: string }[]): string {
  return list(recipients.map(({ recipient, reply }) => `${recipient} (${reply.length > maxNamedReply ? `${reply.slice(0, maxNamedReply)}…` : reply})`));
}

function list(texts: readonly string[]): string {
  const shown = texts.slice(0, maxNamed).join(', ');
  return texts.length > maxNamed ? `${shown} and ${texts.length - maxNamed} more` : shown;
}

function withoutUtf8({ peer, request }: Report, email: EmailMessage): ActionResult {
  const addresses = beyondAscii(email);
  return invalidInput(
    'SMTPUTF8 not offered',
    message(
      "{count, plural, =1 {{peer} doesn't take addresses with characters beyond ASCII before the @ (it offers no SMTPUTF8), and the message has {list}. Use a server that does, or leave it out.} other {{peer} doesn't take addresses with characters beyond ASCII before the @ (it offers no SMTPUTF8), and the message has {list}. Use a server that does, or leave them out.}}",
      { count: addresses.length, peer, list: list(addresses) },
    ),
    { request },
  );
}

/** Addresses that need RFC 6531. A domain doesn't: it has an ASCII form. */
function beyondAscii({ from, to, cc, bcc, replyTo }: EmailMessage): string[] {
  return [from, ...to, ...cc, ...bcc, ...replyTo].map(({ address }) => address).filter((address) => !/^[\x00-\x7f]*@/.test(address));
}

/**
 * A message's content that isn't there before the rate lets it leave. The server asks for it when the connection stands, and has
 * agreed to sender and recipients; it counts a message when it has the whole of it.
 */
async function* departing(content: Readable, depart: () => Promise<void>): AsyncGenerator<Buffer> {
  await depart();
  yield* content as AsyncIterable<Buffer>;
}

/** What was sent, bounded. The message's source isn't kept: it can hold attachments of many megabytes. */
function messageRecord(connection: string, message: EmailMessage, only: readonly string[] | undefined): JsonObject {
  const { messageId, from, to, cc, bcc, subject, text, html, attachments = [] } = message;
  return {
    connection,
    'message-id': messageId,
    from: from.address,
    to: shown(to),
    ...(cc.length === 0 ? {} : { cc: shown(cc) }),
    ...(bcc.length === 0 ? {} : { bcc: shown(bcc) }),
    // An attempt that isn't the first one may have fewer to send to than the message names.
    ...(only === undefined ? {} : { 'sent-to': cutList(only) }),
    subject: subject.slice(0, maxSubject),
    ...(typeof text === 'string' ? { text: text.slice(0, maxExcerpt) } : {}),
    ...(typeof html === 'string' ? { html: html.slice(0, maxExcerpt) } : {}),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map(({ filename }) => String(filename)) }),
  };
}

function shown(addresses: readonly EmailAddress[]): Json {
  return cutList(addresses.map(({ address }) => address));
}

function cutList(addresses: readonly string[]): Json {
  const list = addresses.slice(0, maxRecipients);
  return list.length < addresses.length ? [...list, `and ${addresses.length - list.length} more`] : list;
}
