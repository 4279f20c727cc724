import jsonata from 'jsonata';
import type { SourceRange } from '../diagnostic.ts';
import { message, verbatim, type Message } from '../../wording/message.ts';

export interface JsonataProblem {
  readonly message: Message;
  readonly range: SourceRange;
}

/** What is wrong with the text of an expression; it is parsed, and not run. Never throws. */
export function jsonataProblem(source: string): JsonataProblem | undefined {
  try {
    const forbidden = findEval(jsonata(source).ast());
    return forbidden && { message: message('`$eval` is not there: text of the data is never run.'), range: rangeAt(source, forbidden.position, '$eval') };
  } catch (error) {
    if (error instanceof RangeError) return { message: message('The expression is nested too deeply.'), range: { start: 0, end: 1 } };
    const { position, token, message: text } = error as { readonly position?: number; readonly token?: unknown; readonly message?: string };
    return { message: message('The expression is not valid JSONata: {problem}.', { problem: verbatim(text ?? String(error)) }), range: rangeAt(source, position, typeof token === 'string' ? token : '') };
  }
}

/** A position of the parser is behind its token. */
function rangeAt(source: string, position = 0, token: string): SourceRange {
  const end = Math.min(Math.max(1, position), source.length);
  return { start: source.endsWith(token, end) ? Math.max(0, end - Math.max(1, token.length)) : end - 1, end };
}

/** Looked for by its name: a value can't be `$eval` but by naming it. */
function findEval(root: unknown): { readonly position: number | undefined } | undefined {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== 'object' || node === null) continue;
    const { type, value, position } = node as { readonly type?: unknown; readonly value?: unknown; readonly position?: number };
    if (type === 'variable' && value === 'eval') return { position };
    for (const inner of Object.values(node) as unknown[]) if (typeof inner === 'object') open.push(inner);
  }
  return undefined;
}
