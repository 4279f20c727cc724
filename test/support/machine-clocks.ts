import type { TimeSource } from '../../daemon/platform/system-clock.ts';

/** The clocks of a machine, in the test's hand. All in milliseconds. */
export class MachineClocks {
  wall = 1_000_000;
  monotonic = 500;
  uptime = 90_000;

  get source(): TimeSource {
    return {
      wall: () => this.wall,
      monotonic: () => this.monotonic,
      uptime: () => this.uptime,
      identity: () => ({ bootId: 'boot 1', hostname: 'machine' }),
      setTimer: () => ({ cancel: () => {} }),
    };
  }

  /** Time passes, and the machine is awake. */
  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
    this.uptime += ms;
  }
}
