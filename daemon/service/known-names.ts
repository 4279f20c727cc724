import { CodedError } from '../../schemas/protocol/error.ts';
import { parseRunId } from '../../schemas/protocol/id.ts';
import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import { defaultQueueName } from '../../schemas/workflow/model.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import type { Engine } from '../engine/engine.ts';
import type { QueueRunner } from '../engine/queue/queue-runner.ts';

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
