/**
 * What `work` takes of the processor, in milliseconds: for tests that something ends which could take for ever. Unlike the time on the
 * wall, it doesn't grow because the machine is busy with something else.
 */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
