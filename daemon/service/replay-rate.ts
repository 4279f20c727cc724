import { CodedError } from '../../schemas/protocol/error.ts';
import { parseRate } from '../../schemas/workflow/rate.ts';

/** Milliseconds between two jobs that are replayed at that rate. @throws CodedError `invalid-params` */
export function spacingOf(text: string): number {
  const parsed = parseRate(text);
  if (!parsed.ok) throw new CodedError('invalid-params', `${JSON.stringify(text)} is not a valid rate: ${parsed.problems[0]?.message ?? ''}`);
  return parsed.rate.perMs / parsed.rate.limit;
}
