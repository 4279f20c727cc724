import type { Forecast } from '../protocol/queue.ts';
import { coarseDueMessage, formatDuration } from './amount.ts';
import { message, type Message } from './message.ts';

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
