import { hostname, uptime } from 'node:os';
import { readFileSync } from 'node:fs';
import type { Clock, ClockAnchor, ClockChange, Timer } from '../core/clock.ts';
import { Listeners } from './listeners.ts';

/** The clocks of a machine, as they are. All in milliseconds. */
export interface TimeSource {
  /** Since the epoch. May be set. */
  wall(): number;
  /** Never goes back, can't be set; may stand still while the machine sleeps. */
  monotonic(): number;
  /** Since the machine was started, sleep included. */
  uptime(): number;
  /** Which start of which machine the uptime counts from. */
  identity(): MachineIdentity;
  /** Follows `monotonic`. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

type MachineIdentity = Pick<ClockAnchor, 'bootId' | 'hostname'>;

/** Differences up to this are followed without a word, in milliseconds: clocks are corrected all the time, and `uptime` is not exact. */
const toleratedMs = 1000;

/**
 * Wall time that a change of the wall clock can't lead astray. Between changes `now` is the wall clock. Where that is suddenly somewhere else than
 * the monotonic clock says, `now` continues steadily until everybody has been told, which is at the end of the same turn of the event loop.
 *
 * A machine that wakes from sleep looks as if its clock had been set forward, where the monotonic clock stands still in sleep (Linux). The
 * uptime tells the two apart: what it has advanced more than the monotonic clock is sleep, in which real time passed for every wait; the rest
 * is somebody's correction, in which none did.
 */
export class SteadyClock implements Clock {
  readonly #source: TimeSource;
  readonly #listeners = new Listeners<ClockChange>();
  /** The last wall time at which the clocks agreed. */
  #agreedAt = -Infinity;
  /** `wall - monotonic` of the source, as far as it is known. */
  #offset: number;
  /** `uptime - monotonic` of the source, as far as it is known. */
  #uptimeOffset: number;
  #sleptMs = 0;
  #isChanging = false;

  constructor(source: TimeSource) {
    this.#source = source;
    this.#offset = source.wall() - source.monotonic();
    this.#uptimeOffset = source.uptime() - source.monotonic();
  }

  now(): number {
    const wall = this.#source.wall();
    // Asked several times a job, and so mostly within one millisecond: looked at once is enough.
    if (wall === this.#agreedAt) return wall;
    const offset = wall - this.#source.monotonic();
    if (Math.abs(offset - this.#offset) <= toleratedMs) {
      this.#offset = offset;
      this.#agreedAt = wall;
      return wall;
    }
    if (!this.#isChanging) {
      this.#isChanging = true;
      setImmediate(() => this.#change());
    }
    return Math.round(this.#offset + this.#source.monotonic());
  }

  monotonic(): number {
    return this.#source.monotonic() + this.#sleptMs;
  }

  anchor(): ClockAnchor {
    const wallMs = this.now();
    // Until a change is told, `now` doesn't have it, nor the sleep that may be in it.
    const uptimeMs = this.#isChanging ? this.#uptimeOffset + this.#source.monotonic() : this.#source.uptime();
    return { wallMs, uptimeMs: Math.round(uptimeMs), ...this.#source.identity() };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#source.setTimer(delayMs, callback);
  }

  onChange(listener: (change: ClockChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  #change(): void {
    this.#isChanging = false;
    const monotonic = this.#source.monotonic();
    const offset = this.#source.wall() - monotonic;
    const uptimeOffset = this.#source.uptime() - monotonic;
    const movedMs = offset - this.#offset;
    if (Math.abs(movedMs) <= toleratedMs) return;
    const sleptMs = beyondTolerance(uptimeOffset - this.#uptimeOffset);
    this.#offset = offset;
    this.#uptimeOffset = uptimeOffset;
    this.#sleptMs += Math.max(0, sleptMs);
    const change: ClockChange = { shiftMs: Math.round(beyondTolerance(movedMs - sleptMs)), sleptMs: Math.round(Math.max(0, sleptMs)) };
    this.#listeners.tell(change);
  }
}

/** 0 for what is followed without a word. */
export function beyondTolerance(ms: number): number {
  return Math.abs(ms) <= toleratedMs ? 0 : ms;
}

/** Longest delay of one `setTimeout`; Node turns a longer one into 1 ms. */
const longestTimeoutMs = 2_147_483_647;

let identity: MachineIdentity | undefined;

/** The clocks of this machine. */
export const machine: TimeSource = {
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

/** Fractions of a second at most on a machine of its own; a busy one may be slow to start a process. In seconds. */
const toleratedSeconds = 10;
/** In which Linux counts, on every architecture of Node. */
const ticksPerSecond = 100;

/**
 * Which start of which machine this is. Linux has a name for each start; macOS and Windows have none that Node can read.
 *
 * The name counts only if `os.uptime()` is of the same start. In a container of LXC it isn't: `/proc/uptime` is the container's own, and begins
 * again with it, while the name is that of the machine below. The start of this process is told by the machine's clock there as well.
 */
function machineIdentity(): MachineIdentity {
  const bootId = linuxBootId();
  return { hostname: hostname(), ...(bootId === undefined ? {} : { bootId }) };
}

function linuxBootId(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const sinceStart = processStartSeconds(readFileSync('/proc/self/stat', 'utf8')) + process.uptime();
    return bootId !== '' && Math.abs(sinceStart - uptime()) <= toleratedSeconds ? bootId : undefined;
  } catch {
    return undefined;
  }
}

/** `starttime` of proc_pid_stat(5), the 22nd field, as seconds since the machine was started. The second may have spaces and brackets in it. */
function processStartSeconds(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) / ticksPerSecond;
}
