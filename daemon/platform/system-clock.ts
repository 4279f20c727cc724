import { uptime } from 'node:os';
import type { Timer } from '../core/clock.ts';
import { machineIdentity } from './machine-identity.ts';
import { SteadyClock, type MachineIdentity, type TimeSource } from './steady-clock.ts';

/** Longest delay of one `setTimeout`; Node turns a longer one into 1 ms. */
const longestTimeoutMs = 2_147_483_647;

let identity: MachineIdentity | undefined;

const machine: TimeSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  // Linux: the clock that counts sleep; Windows and macOS: since the start, sleep included.
  uptime: () => uptime() * 1000,
  identity: () => (identity ??= machineIdentity()),
  setTimer(delayMs, callback): Timer {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      handle = leftMs > longestTimeoutMs ? setTimeout(arm, longestTimeoutMs, leftMs - longestTimeoutMs) : setTimeout(callback, Math.max(0, leftMs));
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** The machine's own time. */
export const systemClock = new SteadyClock(machine);
