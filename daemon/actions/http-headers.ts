import { headerProblem } from '../../schemas/workflow/actions/action-definition.ts';
import { type ActionFailure, invalidInput } from './action.ts';
import { english } from '../../schemas/wording/language.ts';

/** `headers` of `with`, their names in lower case; or why they can't be sent, which the editor has said unless an edit made them. */
export function readHeaders(given: Readonly<Record<string, string | number>> = {}): { readonly headers: Record<string, string> } | ActionFailure {
  const problem = headerProblem(Object.keys(given));
  if (problem !== undefined) return invalidInput('invalid headers', english.textOf(problem.message));
  return { headers: Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)])) };
}
