import type { Clock, Timer } from './clock.ts';

/** Longest delay of one `setTimeout`; Node turns a longer one into 1 ms. */
const longestTimeoutMs = 2_147_483_647;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback): Timer {
    const dueAt = performance.now() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const leftMs = Math.max(0, dueAt - performance.now());
      handle = setTimeout(leftMs > longestTimeoutMs ? arm : callback, Math.min(leftMs, longestTimeoutMs));
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
