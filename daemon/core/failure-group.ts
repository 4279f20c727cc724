import type { JobError } from '../../schemas/protocol/shape.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { failureText } from './failure-text.ts';
import { maskValues } from './mask-values.ts';

/** What a group says, in characters: a row of a view shows less. */
const maxGroup = 240;
/** Read of a body. */
const maxRead = 4096;

/** Kinds whose cause is a word for many things, and whose message says which. */
const toldByMessage: ReadonlySet<string> = new Set(['invalid', 'internal']);

/**
 * What failed jobs have in common, as a text that is the same for all that failed alike: the action, the cause, and what the answer says
 * without the values that differ from one job to the next. `http/request: 422 Unprocessable Entity: email: is invalid`. At most 240
 * characters, on one line. `response`: the attempt's record.
 */
export function failureGroup({ uses, error, response }: { readonly uses: string; readonly error: Pick<JobError, 'kind' | 'cause' | 'message'>; readonly response?: Json | undefined }): string {
  // Without its full stop: it stands within sentences.
  const masked = saidBy(error, response).replace(/[.\s]+$/, '');
  const group = `${uses}: ${error.cause}${masked === '' || error.cause.includes(masked) ? '' : `: ${masked}`}`.replace(/\s+/g, ' ');
  return group.length <= maxGroup ? group : `${group.slice(0, maxGroup - 1)}…`;
}

function saidBy({ kind, message }: Pick<JobError, 'kind' | 'message'>, response: Json | undefined): string {
  if (isJsonObject(response)) {
    const { body, reply } = response;
    if (typeof body === 'string') return failureText(body.slice(0, maxRead));
    // The codes stand in the cause.
    if (typeof reply === 'string') return maskValues(reply.slice(0, maxRead).replace(/^\d{3}[ -](?:[245]\.\d{1,3}\.\d{1,3} )?/, '').replace(/\r?\n\d{3}[ -](?:[245]\.\d{1,3}\.\d{1,3} )?/g, ' '));
  }
  return toldByMessage.has(kind) ? maskValues(message.slice(0, maxRead)) : '';
}
