import { message, type Message } from '../../schemas/wording/message.ts';
import { isUtf8 } from 'node:buffer';
import { basename, extname } from 'node:path';
import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import type { SendMailOptions } from 'nodemailer';
import { detectMimeType } from 'nodemailer/lib/mime-funcs';
import type { EmailAttachment, EmailSendInput } from '../../schemas/workflow/actions/email-send.ts';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import type { ActionContext } from './action.ts';
import { decodeBase64 } from './base64-text.ts';
import { renderTemplate } from './email-template.ts';
import { onMachine, readProjectFile } from './project-file.ts';

/** All attachments of one e-mail, in bytes; most servers refuse more than this. */
const maxAttachmentBytes = 25 * 1_048_576;
const maxTemplateBytes = 1_048_576;

/** Headers with a key of their own, or that describe the body: letting `headers` set them would make two of each. */
const ownHeaders: ReadonlySet<string> = new Set([
  'from', 'sender', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'date', 'message-id',
  'mime-version', 'content-type', 'content-transfer-encoding', 'content-disposition', 'content-id',
]);

export interface EmailMessage extends SendMailOptions {
  readonly messageId: string;
  readonly subject: string;
  readonly from: EmailAddress;
  readonly to: EmailAddress[];
  readonly cc: EmailAddress[];
  readonly bcc: EmailAddress[];
  readonly replyTo: EmailAddress[];
}

export type PreparedMessage =
  | { readonly ok: true; readonly email: EmailMessage }
  | { readonly ok: false; readonly cause: string; readonly problem: Message };

/** Why the message can't be made; becomes an `invalid` failure. Never leaves this file. */
class Refusal extends Error {
  readonly label: string;
  readonly problem: Message;

  constructor(label: string, problem: Message) {
    super(label);
    this.label = label;
    this.problem = problem;
  }
}

/**
 * Makes the message of one attempt: the same bytes-to-be in every attempt of a job, `Message-ID` and `Date` included,
 * so that a receiver can tell a duplicate. Files are read within the project's folder only; nodemailer itself gets
 * contents, never paths or URLs.
 */
export async function prepareMessage(
  input: EmailSendInput,
  defaultFrom: string | undefined,
  context: ActionContext,
): Promise<PreparedMessage> {
  try {
    const from = address('from', input.from ?? defaultFrom ?? '');
    const domain = domainToASCII(from.address.slice(from.address.lastIndexOf('@') + 1));
    return {
      ok: true,
      email: {
        messageId: `<${context.idempotencyKey}@${domain === '' ? 'localhost' : domain}>`,
        date: new Date(context.jobCreatedAt),
        from,
        to: addresses('to', input.to),
        cc: addresses('cc', input.cc),
        bcc: addresses('bcc', input.bcc),
        replyTo: addresses('reply-to', input['reply-to']),
        subject: input.subject,
        headers: headers(input.headers ?? {}),
        ...(await bodies(input, context)),
        attachments: await attachments(input.attachments ?? [], context),
        disableFileAccess: true,
        disableUrlAccess: true,
      },
    };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, cause: error.label, problem: error.problem };
    throw error;
  }
}

function address(key: string, text: string): EmailAddress {
  const read = readEmailAddress(text);
  if (read !== undefined) return read;
  if (key === 'from' && text === '') throw new Refusal('no sender', message('`from` is missing, and the connection has none either.'));
  const shown = JSON.stringify(text.slice(0, 100));
  throw new Refusal(
    'invalid address',
    message('{key}: {text} is not one e-mail address, such as ada@example.com or Ada <ada@example.com>.', { key: `\`${key}\``, text: shown }),
  );
}

function addresses(key: string, given: string | readonly string[] | undefined): EmailAddress[] {
  const list = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  return list.map((text) => address(key, text));
}

function headers(given: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(given).map(([key, value]) => {
    if (!ownHeaders.has(key.toLowerCase())) return { key, value };
    throw new Refusal(
      'invalid header',
      message("`headers` can't set {name}: it has a key of its own or belongs to the body.", { name: JSON.stringify(key) }),
    );
  });
}

async function bodies(input: EmailSendInput, { projectFolder, machine }: ActionContext): Promise<{ text?: string; html?: string }> {
  const bodies = {
    ...(input.text === undefined ? {} : { text: input.text }),
    ...(input.html === undefined ? {} : { html: input.html }),
  };
  if (input.template === undefined) return bodies;
  const format = /^\.html?$/i.test(extname(input.template)) ? 'html' : 'text';
  if (bodies[format] !== undefined) {
    throw new Refusal('two bodies', message('`template` gives the {format} body, and {key} gives it as well.', { format, key: `\`${format}\`` }));
  }
  const file = await readProjectFile(projectFolder, input.template, maxTemplateBytes, machine);
  if (!file.ok) throw new Refusal('template not readable', message('{place}: {problem}.', { place: '`template`', problem: file.message }));
  const decoded = decodeText(file.content);
  if (!decoded.ok) throw new Refusal('template not readable', message('{place}: {problem}.', { place: '`template`', problem: `${JSON.stringify(input.template)} ${decoded.problem}${onMachine(machine)}` }));
  const rendered = renderTemplate(decoded.text, input.data ?? {}, format);
  if (!rendered.ok) throw new Refusal('template not filled', message('{place}: {problem}.', { place: `\`template\` ${JSON.stringify(input.template)}`, problem: `${rendered.message}${onMachine(machine)}` }));
  return { ...bodies, [format]: rendered.text };
}

/** @throws Refusal */
function contentOfBase64(text: string, index: number, filename: string | undefined): Buffer {
  const content = decodeBase64(text, `\`attachments[${index}].content\` (${JSON.stringify(filename ?? '')})`);
  if (Buffer.isBuffer(content)) return content;
  throw new Refusal('attachment not base64', content);
}

/** Without a charset, readers take text for ASCII, or guess (RFC 2046, 4.1.2). What it is in can be seen of UTF-8 and marked UTF-16 only. */
function withCharset(type: string, content: Buffer): string {
  if (!/^text\//i.test(type) || /;\s*charset\s*=/i.test(type)) return type;
  const isUtf16 = (content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff);
  if (isUtf16) return `${type}; charset=utf-16`;
  return isUtf8(content) ? `${type}; charset=utf-8` : type;
}

type MailAttachments = NonNullable<SendMailOptions['attachments']>;

async function attachments(list: readonly EmailAttachment[], { projectFolder, machine }: ActionContext): Promise<MailAttachments> {
  const made: MailAttachments = [];
  let left = maxAttachmentBytes;
  for (const [index, { path, content: given, encoding, filename, cid, 'content-type': contentType }] of list.entries()) {
    let content: Buffer;
    if (path === undefined) {
      content = encoding === 'base64' ? contentOfBase64(given ?? '', index, filename) : Buffer.from(given ?? '', 'utf8');
    } else {
      const file = await readProjectFile(projectFolder, path, left, machine);
      if (!file.ok) throw new Refusal('attachment not readable', message('{place}: {problem}.', { place: '`attachments`', problem: file.message }));
      content = file.content;
    }
    left -= content.length;
    if (left < 0) throw new Refusal('attachments too large', message('`attachments` are larger than {max} bytes in all.', { max: String(maxAttachmentBytes) }));
    const name = filename ?? basename(path ?? '');
    const type = withCharset(contentType ?? detectMimeType(name), content);
    made.push({
      content,
      filename: name,
      contentType: type,
      ...(cid === undefined ? {} : { cid }),
    });
  }
  return made;
}

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
