import type { Clock } from '../../core/clock.ts';
import type { RateTicket, RateWindow } from '../../core/rate-window.ts';
import type { AttemptStart } from '../attempt-signal.ts';
import type { Slot } from './slot.ts';

export interface RatedSlotOptions {
  /** The start that was taken for the attempt. */
  readonly ticket: RateTicket;
  readonly window: RateWindow;
  readonly clock: Clock;
  /** The attempt starts. Returns when, in monotonic time. */
  readonly onStart: (start: AttemptStart) => number;
  /** It has ended; undefined if it never started. */
  readonly onRelease: (startedAt: number | undefined) => void;
}

/** The place of an attempt in a queue with a rate: it tells the rate's window what becomes of the attempt. */
export function ratedSlot({ ticket: planned, window, clock, onStart, onRelease }: RatedSlotOptions): Slot {
  let ticket = planned;
  let startedAt: number | undefined;
  let hasPlace = false;
  return {
    startInMs: ticket.at - clock.monotonic(),
    isFollowed: false,
    started: (start) => {
      startedAt = onStart(start);
      window.started(ticket, startedAt);
    },
    depart: () => {
      const now = clock.monotonic();
      if (hasPlace && window.mayStillLeave(ticket, now)) return 0;
      ticket = window.depart(ticket, now, hasPlace ? 0 : now - (startedAt ?? now));
      hasPlace = true;
      return ticket.at - now;
    },
    sent: () => window.sent(ticket, clock.monotonic()),
    release: () => {
      window.ended(ticket, clock.monotonic());
      onRelease(startedAt);
    },
  };
}
