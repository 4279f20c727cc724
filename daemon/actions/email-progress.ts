import { createHash } from 'node:crypto';
import type { EmailSendInput } from '../../schemas/workflow/actions/email-send.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import type { RefusedRecipient } from './smtp-session.ts';

/** Longest reply that is kept of each recipient, in characters. */
const maxReply = 200;

export interface Rejection {
  readonly recipient: string;
  /** The server's reply. */
  readonly reply: string;
}

/** Who has the message of a job, and who was refused for good: what the next attempt leaves out. */
export interface EmailProgress {
  readonly accepted: readonly string[];
  readonly rejected: readonly Rejection[];
}

/**
 * What stands of earlier attempts. Anyone who has this message gets it no second time, not after a replay, and not after an edit of the
 * recipients either; an edit of anything else makes another message, which nobody has. Who was refused for good is tried again in a new
 * round, because a person replays a job when its cause is gone.
 */
export function startProgress(input: EmailSendInput, round: number, before: Json | undefined): EmailProgress {
  if (before === undefined || !isJsonObject(before) || before['message'] !== digest(input)) return { accepted: [], rejected: [] };
  return { accepted: texts(before['accepted']), rejected: before['round'] === round ? rejections(before['rejected']) : [] };
}

/** What the job keeps for its next attempt. */
export function keptProgress(input: EmailSendInput, round: number, { accepted, rejected }: EmailProgress): Json {
  return { message: digest(input), round, accepted, rejected: rejected.map(({ recipient, reply }) => ({ recipient, reply })) };
}

/** Recipients for whom there is something left to do. */
export function openRecipients({ accepted, rejected }: EmailProgress, recipients: readonly string[]): string[] {
  const settled = new Set([...accepted, ...rejected.map(({ recipient }) => recipient)]);
  return recipients.filter((recipient) => !settled.has(recipient));
}

/** What an attempt has added; `deferred`: whom the server put off. */
export function addReplies(
  before: EmailProgress,
  accepted: readonly string[],
  refused: readonly RefusedRecipient[],
): { readonly progress: EmailProgress; readonly deferred: readonly RefusedRecipient[] } {
  const final = refused.filter((one) => !isDeferred(one));
  return {
    progress: {
      accepted: [...before.accepted, ...accepted],
      rejected: [...before.rejected, ...final.map(({ recipient, reply }) => ({ recipient, reply: reply.slice(0, maxReply) }))],
    },
    deferred: refused.filter(isDeferred),
  };
}

/** 4yz, and the 552 that RFC 5321 (4.5.3.1.10) has clients read as a 452: too many recipients for one message. */
function isDeferred(refused: RefusedRecipient): boolean {
  return refused.status < 500 || hitRecipientLimit(refused);
}

/** The server takes no more recipients with this message; the others belong into another one right away (RFC 5321, 4.5.3.1.10). */
export function hitRecipientLimit({ status, reply }: RefusedRecipient): boolean {
  return (status === 452 || status === 552) && /^\d{3}[ -][45]\.5\.3\b|too many recipients/i.test(reply);
}

/** Tells a message from another one. To whom it goes, and in which order its keys are written, is not part of it. */
function digest({ to: _to, cc: _cc, bcc: _bcc, ...message }: EmailSendInput): string {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    isJsonObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))) : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function rejections(value: Json | undefined): Rejection[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one) => {
    if (!isJsonObject(one)) return [];
    const { recipient, reply } = one;
    return typeof recipient === 'string' && typeof reply === 'string' ? [{ recipient, reply }] : [];
  });
}
