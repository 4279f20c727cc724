import type { QueueView, UndeclaredQueue } from '../protocol/queue.ts';
import { formatDuration, rateMessage } from './amount.ts';
import { message, type Message } from './message.ts';

/** Why a queue is held back, as a sentence: `j12 was answered 429 Too Many Requests and asked to wait 2h.` The cause came from outside: each side shows it in its own safe way. */
export function holdMessage(heldBy: QueueView['heldBy'], showCause: (cause: string) => string): Message {
  if (heldBy === undefined) return message('A receiver asked for a pause.');
  const { job, retryAfterMs, machine, project } = heldBy;
  const told = { job, cause: showCause(heldBy.cause) };
  if (project === true) return message('{cause} (met by {job}).', told);
  if (machine === true) return message('This machine has no network ({cause}, met by {job}).', told);
  if (retryAfterMs === undefined) return message('{job} was answered {cause}.', told);
  return message('{job} was answered {cause} and asked to wait {duration}.', { ...told, duration: formatDuration(retryAfterMs) });
}

/** The limits of a queue that were set by hand: `rate 50/min and concurrency 5`; undefined if none was. */
export function setByHandMessage({ rate, concurrency }: QueueView['overrides']): Message | undefined {
  if (rate === undefined) return concurrency === undefined ? undefined : message('concurrency {concurrency}', { concurrency });
  if (rate === 'none') return concurrency === undefined ? message('no rate limit') : message('no rate limit and concurrency {concurrency}', { concurrency });
  const told = { rate: rateMessage(rate) };
  return concurrency === undefined ? message('rate {rate}', told) : message('rate {rate} and concurrency {concurrency}', { ...told, concurrency });
}

/** Files that a text names. */
const maxNamedFiles = 3;

/** Why the limits of a queue are not those of a file, and what has to be done, in whole sentences. */
export function undeclaredMessages(queue: string, { reason, files }: UndeclaredQueue): readonly Message[] {
  const told = { queue, files: `${files.slice(0, maxNamedFiles).join(', ')}${files.length > maxNamedFiles ? ', …' : ''}` };
  switch (reason) {
    case 'gone':
      return [message('{queue} is no longer declared: its last limits hold for what is in it.', { queue }), message('Declare it again, move its jobs to another queue, or release them.')];
    case 'twice':
      return [message('{queue} is declared more than once ({files}), so none of these counts: its last limits hold.', told), message('Keep one of them.')];
    case 'broken':
      return [message("The declaration of {queue} can't be read ({files}): its last limits hold until it is corrected.", told)];
  }
}
