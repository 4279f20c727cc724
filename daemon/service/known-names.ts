import { CodedError } from '../../schemas/protocol/error.ts';
import { parseRunId } from '../../schemas/protocol/id.ts';
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
  throw unknownName('queue', name, dispatcher.list().map((one) => one.name), `There is only ${defaultQueueName}.`);
}

/** `There is no queue epr. Did you mean erp?`, or what there is; `none` if there is nothing. */
export function unknownName(kind: string, name: string, known: readonly string[], none: string): CodedError {
  const near = nearestName(name, known);
  const listed = known.slice(0, maxListed).join(', ');
  const rest = known.length > maxListed ? `, and ${known.length - maxListed} more` : '';
  const hint = near === undefined ? (known.length === 0 ? none : `There are: ${listed}${rest}.`) : `Did you mean ${near}?`;
  return new CodedError('not-found', `There is no ${kind} ${name}. ${hint}`);
}

/** @throws CodedError `invalid-params` */
export function runNumber(id: string): number {
  const number = parseRunId(id);
  if (number === undefined) throw new CodedError('invalid-params', `${id} is not a run: runs are named r1, r2 and so on.`);
  return number;
}
