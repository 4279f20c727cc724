import type { Engine } from '../engine/engine.ts';
import type { QueueRunner } from '../engine/queue/queue-runner.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { parseRunId } from '../../schemas/protocol/id.ts';
import { message, type Message, sentences } from '../../schemas/wording/message.ts';
import { defaultQueueName } from '../../schemas/workflow/model.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import { parseRate, parseRateText, type Rate, type RateLimit, type RateLimitResult, type RateResult } from '../../schemas/workflow/rate.ts';

/** Names that a message lists. */
const maxListed = 20;

/**
 * The queue of that name. `default` always is one, whether or not a job has been in it.
 *
 * @throws CodedError `not-found`
 */
export function knownQueue({ dispatcher }: Engine, name: string): QueueRunner {
  const runner = name === defaultQueueName ? dispatcher.queue(name) : dispatcher.known(name);
  if (runner !== undefined) return runner;
  throw unknownName(message('There is no queue {name}.', { name }), { name, known: dispatcher.list().map((one) => one.name), none: message('There is only {queue}.', { queue: defaultQueueName }) });
}

/** `There is no queue epr. Did you mean erp?`, or what there is; `none` if there is nothing. */
export function unknownName(told: Message, { name, known, none }: { readonly name: string; readonly known: readonly string[]; readonly none: Message }): CodedError {
  const near = nearestName(name, known);
  if (near !== undefined) return new CodedError('not-found', sentences(told, message('Did you mean {name}?', { name: near })));
  if (known.length === 0) return new CodedError('not-found', sentences(told, none));
  const list = known.slice(0, maxListed).join(', ');
  const more = known.length - maxListed;
  return new CodedError('not-found', sentences(told, more > 0 ? message('There are: {list}, and {more} more.', { list, more }) : message('There are: {list}.', { list })));
}

/** @throws CodedError `invalid-params` */
export function runNumber(id: string): number {
  const number = parseRunId(id);
  if (number === undefined) throw new CodedError('invalid-params', message('{text} is not a run: runs are named r1, r2 and so on.', { text: id }));
  return number;
}

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
  throw notARate(text, parsed);
}

/** One rate or several: `20/s, 50000/d`. @throws CodedError `invalid-params` */
export function givenRateLimit(text: string): RateLimit {
  const parsed = parseRateText(text);
  if (parsed.ok) return parsed.limit;
  throw notARate(text, parsed);
}

function notARate(text: string, parsed: (RateResult | RateLimitResult) & { readonly ok: false }): CodedError {
  return new CodedError('invalid-params', message('{text} is not a valid rate: {problem}', { text: JSON.stringify(text), problem: sentences(...parsed.problems.slice(0, 1).map((problem) => problem.message)) }));
}
