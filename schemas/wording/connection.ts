import type { ConnectionTest } from '../protocol/connection.ts';
import type { ConnectionUse, QueueView } from '../protocol/queue.ts';
import { formatDuration, rateMessage } from './amount.ts';
import { message, type Message, sentences, verbatim } from './message.ts';

/** The limits of a connection, and how much of each is used. */
export function connectionUseMessages({ rates, concurrency, active = 0 }: ConnectionUse): readonly Message[] {
  const used = rates.map((rate) => message('{used} of {rate}', { used: rate.used, rate: rateMessage(rate) }));
  return concurrency === undefined ? used : [...used, message('{active} of {concurrency} at a time', { active, concurrency })];
}

/** That jobs of a queue wait for a connection, over all queues. */
export function connectionWaitMessage(queue: string, { name, ...use }: NonNullable<QueueView['connections']>[number]): Message {
  const [last, ...before] = [...connectionUseMessages(use)].reverse();
  const uses = before.reduce((others, one) => message('{one}, {others}', { one, others }), last ?? message('none'));
  return message('Jobs of {queue} wait for the connection {connection}: of its limits over all queues, {uses} are used.', { queue, connection: name, uses });
}

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
