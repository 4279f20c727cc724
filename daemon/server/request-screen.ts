import type { RequestMessage } from 'vscode-jsonrpc/node';
import type { ErrorCode } from '../../schemas/protocol/error.ts';
import { findInexactNumber, findRepeatedKey, inexactText, repeatedText } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';

export type RequestId = number | string;

/** An answer to what can't be dealt with. `id` is null if the message has none that could be read. */
export interface RefusedMessage {
  readonly kind: 'refused';
  readonly id: RequestId | null;
  readonly code: ErrorCode;
  readonly message: string;
}

export type Screened =
  | { readonly kind: 'request'; readonly request: RequestMessage & { readonly id: RequestId } }
  | RefusedMessage
  | { readonly kind: 'ignored' };

const longestId = 200;

/**
 * Lets only well-formed requests on to vscode-jsonrpc, which trusts its other side: it takes what has no method for a
 * response, throws on `$/cancelRequest` without params, and lets a second request replace the one with the same id.
 *
 * Notifications (no client has any to send) and responses (the daemon asks nothing) are ignored, as JSON-RPC 2.0 demands
 * for notifications. Batches are refused as a whole.
 */
export function screenMessage(text: string, maxNesting: number): Screened {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return refused(null, 'parse-error', 'The message is no JSON.');
  }
  if (Array.isArray(message)) return refused(null, 'invalid-request', 'Batches are not supported: send one request per message.');
  if (!isJsonObject(message)) return refused(null, 'invalid-request', 'The message is not an object with jsonrpc, id and method.');

  const id = idOf(message);
  const flaw = flawOf(message, maxNesting);
  if (flaw !== undefined) return refused(id ?? null, 'invalid-request', flaw);
  const inexact = findInexactNumber(text);
  if (inexact !== undefined) return refused(id ?? null, 'invalid-request', `In the message, ${inexactText(inexact.literal)}.`);
  const repeated = findRepeatedKey(text);
  // Which of its values its sender meant, nobody knows.
  if (repeated !== undefined) return refused(id ?? null, 'invalid-request', `In the message, ${repeatedText(repeated)}.`);
  if (message.jsonrpc !== '2.0') return refused(id ?? null, 'invalid-request', 'The message needs "jsonrpc": "2.0".');
  const { method, params } = message;
  if (typeof method !== 'string') {
    if (Object.hasOwn(message, 'result') || Object.hasOwn(message, 'error')) return { kind: 'ignored' };
    return refused(id ?? null, 'invalid-request', 'The message needs a method, as a string.');
  }
  if (!Object.hasOwn(message, 'id')) return { kind: 'ignored' };
  if (id === undefined) {
    return refused(null, 'invalid-request', `The id must be an integer or a string of at most ${longestId} characters.`);
  }
  if (params === undefined) return { kind: 'request', request: { jsonrpc: '2.0', id, method } };
  if (!isJsonObject(params)) return refused(id, 'invalid-params', 'Parameters go by name: params must be an object.');
  return { kind: 'request', request: { jsonrpc: '2.0', id, method, params } };
}

function refused(id: RequestId | null, code: ErrorCode, message: string): RefusedMessage {
  return { kind: 'refused', id, code, message };
}

function idOf({ id }: JsonObject): RequestId | undefined {
  if (typeof id === 'string') return id.length <= longestId ? id : undefined;
  return Number.isSafeInteger(id) ? (id as number) : undefined;
}

/** Walks without recursion: deep nesting is what overflows the stack of anyone who does recurse. */
function flawOf(message: JsonObject, maxNesting: number): string | undefined {
  let level: (JsonObject | readonly unknown[])[] = [message];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxNesting) return `The message is nested deeper than ${maxNesting} levels.`;
    const next: (JsonObject | readonly unknown[])[] = [];
    for (const parent of level) {
      // As an own key it is harmless until someone assigns it to another object, whose prototype it then replaces.
      if (Object.hasOwn(parent, '__proto__')) return 'A key of the message is __proto__, which is not accepted.';
      for (const child of Array.isArray(parent) ? (parent as readonly unknown[]) : Object.values(parent)) {
        if (isJsonObject(child) || Array.isArray(child)) next.push(child);
      }
    }
    level = next;
  }
  return undefined;
}
