import type { ConnectionTest } from '../protocol/connection.ts';
import { formatDuration } from './amount.ts';
import { message, type Message, sentences, verbatim } from './message.ts';

/** What came of testing a connection. */
export function connectionTestText({ name, address, verdict, answered, problem, durationMs }: ConnectionTest): Message {
  const told = { name, address, answered: answered ?? '', duration: formatDuration(Math.round(durationMs)) };
  const why = problem === undefined ? undefined : verbatim(problem);
  switch (verdict) {
    case 'works':
      return message('{name} works: {address} answered {answered} after {duration}.', told);
    case 'reached':
      return sentences(message('{name} is reached: {address} answered {answered} after {duration}.', told), why);
    case 'failed':
      return answered === undefined ? sentences(message("{name} doesn't work.", told), why) : sentences(message("{name} doesn't work: {address} answered {answered} after {duration}.", told), why);
  }
}
