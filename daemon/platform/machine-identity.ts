import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import type { MachineIdentity } from './steady-clock.ts';

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
export function machineIdentity(): MachineIdentity {
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
