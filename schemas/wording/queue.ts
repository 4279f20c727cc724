import type { Forecast, Lack, LackingStep, QueueView, RateUseShape, UndeclaredQueue } from '../protocol/queue.ts';
import { formatDuration, ratesMessage, coarseDueMessage } from './amount.ts';
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

/** The rates that hold together, each with its use; none if there is no limit. */
export function ratesOfQueue({ rate, rates, rateUsed = 0 }: Pick<QueueView, 'rate' | 'rates' | 'rateUsed'>): readonly RateUseShape[] {
  return rates ?? (rate === undefined ? [] : [{ ...rate, used: rateUsed }]);
}

/** The rate of which most is used. */
export function fullestRate(queue: Pick<QueueView, 'rate' | 'rates' | 'rateUsed'>): RateUseShape | undefined {
  return [...ratesOfQueue(queue)].sort((one, other) => other.used / other.limit - one.used / one.limit)[0];
}

/** The limits of a queue that were set by hand: `rate 50/min and concurrency 5`; undefined if none was. */
export function setByHandMessage({ rate, rates, concurrency }: QueueView['overrides']): Message | undefined {
  if (rate === undefined) return concurrency === undefined ? undefined : message('concurrency {concurrency}', { concurrency });
  if (rate === 'none') return concurrency === undefined ? message('no rate limit') : message('no rate limit and concurrency {concurrency}', { concurrency });
  const told = { rate: ratesMessage(rates ?? [rate]) };
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

/** Why jobs of a step wait though there is room for them, in whole sentences. */
export function lackingMessages(queue: string, { step, lack }: LackingStep): readonly Message[] {
  return [message("Jobs of the step {step} wait in {queue}, since this daemon can't start them.", { queue, step }), lackMessage(lack)];
}

/** What is missing, and what gives it, in a sentence. */
export function lackMessage({ kind, name, problem }: Lack): Message {
  switch (kind) {
    case 'secret':
      return problem === undefined ? message('It has no secret {name}: `sluice secrets set {name}` sets it.', { name }) : message('It has no secret {name}: {problem}', { name, problem });
    case 'connection':
      return message('Its files declare no connection {name}, which those of another machine do.', { name });
    case 'action':
      return message('Its version of Sluice has no action {name}.', { name });
  }
}

/** Whether a queue will become empty on its own, in a few words: `empty in 2h 3m`, `growing by 31/min`. */
export function forecastMessage({ state, drainMs, growthPerMinute }: Forecast): Message {
  switch (state) {
    case 'idle':
      return message('empty');
    case 'draining':
      return drainMs === undefined ? message('draining') : message('empty in {duration}', { duration: formatDuration(drainMs) });
    case 'steady':
      return message('steady');
    case 'growing':
      return growthPerMinute === undefined ? message('growing') : message('growing by {count}/min', { count: growthPerMinute < 10 ? Math.round(growthPerMinute * 10) / 10 : Math.round(growthPerMinute) });
    case 'stalled':
      return message('stalled');
    case 'unknown':
      return message('unknown');
  }
}

/** What it follows from. */
export function forecastCauseMessage({ state, limitedBy, reason, until }: Forecast, nowMs: number): Message {
  switch (state) {
    case 'idle':
      return message('no job is waiting');
    case 'draining':
      if (limitedBy === 'rate') return message('as fast as the rate allows');
      return limitedBy === 'concurrency' ? message('as fast as the concurrency allows') : message('at the present pace');
    case 'steady':
      return message('arrivals match completions');
    case 'growing':
      return message('more jobs arrive than are completed');
    case 'stalled': {
      const why = reason === undefined ? message('no job completes') : stallMessage(reason);
      return until === undefined ? why : message('{why}; continues {until}', { why, until: coarseDueMessage(until, nowMs) });
    }
    case 'unknown':
      return message('too few jobs were completed yet');
  }
}

export function stallMessage(reason: NonNullable<Forecast['reason']>): Message {
  switch (reason) {
    case 'paused':
      return message('paused');
    case 'held':
      return message('held back');
    case 'store':
      return message('the store is not writable');
    case 'not-due':
      return message('all jobs are scheduled for later');
    case 'nothing-completes':
      return message('all attempts are failing');
  }
}
