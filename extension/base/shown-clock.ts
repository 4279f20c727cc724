import type { Disposable } from './signal.ts';

const tickMs = 30_000;

/**
 * The time that ages are told by, in milliseconds since the epoch: the same everywhere until the next tick, so that rows, lines in files and lists
 * agree, whenever each was drawn.
 */
export function shownNow(): number {
  return Math.floor(Date.now() / tickMs) * tickMs;
}

/** Calls back when `shownNow` has moved: everything that shows an age is drawn then. */
export function onShownTick(listener: () => void): Disposable {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(() => {
      wait();
      listener();
    }, tickMs - (Date.now() % tickMs));
  };
  wait();
  return { dispose: () => clearTimeout(timer) };
}
