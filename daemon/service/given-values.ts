import { CodedError } from '../../schemas/protocol/error.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { parseRate, type Rate } from '../../schemas/workflow/rate.ts';

/** Milliseconds since 1970 of the ISO 8601 time that a parameter gives. @throws CodedError `invalid-params` */
export function givenTime(param: string, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new CodedError('invalid-params', message('`{param}` is not a time; write it as 2026-11-24T09:30:00.000Z.', { param }));
  return time;
}

/** A rate as a file has it: `50/min`. @throws CodedError `invalid-params` */
export function givenRate(text: string): Rate {
  const parsed = parseRate(text);
  if (parsed.ok) return parsed.rate;
  throw new CodedError('invalid-params', message('{text} is not a valid rate: {problem}', { text: JSON.stringify(text), problem: sentences(...parsed.problems.slice(0, 1).map((problem) => problem.message)) }));
}
