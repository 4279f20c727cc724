import type { NodemailerError, SMTPPoolSentMessageInfo } from 'nodemailer';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { emailSend, type EmailSendInput } from '../../schemas/workflow/actions/email-send.ts';
import { abortedAttempt, invalidInput } from './action-failure.ts';
import type { Action, ActionContext, ActionResult } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import type { EmailAddress } from './email-address.ts';
import { prepareMessage, type EmailMessage } from './email-message.ts';
import { inputValidator } from './input-validator.ts';
import { smtpFailure } from './smtp-failure.ts';
import { SmtpTransports, type SmtpTransport } from './smtp-transports.ts';

/** How much of a body and subject, in characters, and how many recipients, an attempt's record keeps. */
const maxExcerpt = 4096;
const maxSubject = 200;
const maxRecipients = 20;

const validate = inputValidator<EmailSendInput>(emailSend);

/**
 * `email/send`: one message over a pooled SMTP connection.
 *
 * An aborted attempt closes the socket that carries its message (nodemailer's `signal`), or leaves the pool's queue if
 * it has none yet; other messages of the pool go on. A 250 that comes in the same instant is not read any more: the
 * server may have the message while the attempt counts as failed. The next attempt carries the same `Message-ID`, by
 * which receivers drop the second.
 */
export class EmailSendAction implements Action {
  readonly definition = emailSend;
  readonly #transports: SmtpTransports;

  constructor(guard: AddressGuard) {
    this.#transports = new SmtpTransports(guard);
  }

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const connection = context.connection(valid.input.connection);
    if (connection === undefined) {
      return invalidInput('unknown connection', `.sluice/connections.yaml has no connection ${JSON.stringify(valid.input.connection)}.`);
    }
    if (connection.user !== undefined && (connection.password ?? '') === '') {
      return invalidInput('no password', `The connection ${JSON.stringify(connection.name)} has a \`user\`, but no \`password\`.`);
    }
    const prepared = await prepareMessage(valid.input, connection.from, context);
    if (!prepared.ok) return invalidInput(prepared.cause, prepared.message);
    const request = messageRecord(connection.name, prepared.message);
    const sent = await send(this.#transports.get(connection), prepared.message);
    if (sent instanceof Error) {
      if (context.signal.aborted) return abortedAttempt(context.signal, { request });
      return smtpFailure(sent, `${connection.host}:${connection.port}`, request);
    }
    const { accepted, rejected, response } = sent;
    return { ok: true, output: { 'message-id': prepared.message.messageId, accepted, rejected, response }, request };
  }

  async stop(): Promise<void> {
    this.#transports.stop();
  }
}

function send(transport: SmtpTransport, message: EmailMessage): Promise<SMTPPoolSentMessageInfo | NodemailerError> {
  return new Promise((resolve) => {
    transport.sendMail(message, (error, info) => resolve(error ?? info));
  });
}

/** What was sent, bounded. The message's source isn't kept: it can hold attachments of many megabytes. */
function messageRecord(connection: string, message: EmailMessage): Json {
  const { messageId, from, to, cc, bcc, subject, text, html, attachments = [] } = message;
  return {
    connection,
    'message-id': messageId,
    from: from.address,
    to: shown(to),
    ...(cc.length === 0 ? {} : { cc: shown(cc) }),
    ...(bcc.length === 0 ? {} : { bcc: shown(bcc) }),
    subject: subject.slice(0, maxSubject),
    ...(typeof text === 'string' ? { text: text.slice(0, maxExcerpt) } : {}),
    ...(typeof html === 'string' ? { html: html.slice(0, maxExcerpt) } : {}),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map(({ filename }) => String(filename)) }),
  };
}

function shown(addresses: readonly EmailAddress[]): Json {
  const list = addresses.slice(0, maxRecipients).map(({ address }) => address);
  return list.length < addresses.length ? [...list, `and ${addresses.length - list.length} more`] : list;
}
