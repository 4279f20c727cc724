import { message, type Message } from '../../schemas/wording/message.ts';
import type { ActionContext } from './action.ts';

/** Where a line of a step's code is, for a person; undefined if nobody can tell. `line`: of `text`, from 1. */
export function codePlace(text: string, line: number | undefined, { code }: Pick<ActionContext, 'code'>): Message | undefined {
  if (line === undefined) return undefined;
  // An edited payload has lines of its own.
  return code?.text === text ? message("See line {line} of the workflow's file.", { line: String(code.line + line - 1) }) : message('See line {line} of the code.', { line: String(line) });
}
