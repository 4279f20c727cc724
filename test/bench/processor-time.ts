import { readdirSync, readFileSync } from 'node:fs';

/** The system counts in hundredths of a second, for programs, whatever its own clock is. */
const tickUs = 10_000;

/** Processor time of a process, of those that it has started and of those of them that have ended, in microseconds. Linux only. */
export function processorUsOf(pid: number): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => statOf(Number(name)) ?? []);
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const ticksOf = (one: { readonly pid: number; readonly ticks: number }): number => (children.get(one.pid) ?? []).reduce((sum, child) => sum + ticksOf(child), one.ticks);
  const found = processes.find((one) => one.pid === pid);
  if (found === undefined) throw new Error(`there is no process ${pid}`);
  return ticksOf(found) * tickUs;
}

/** Undefined: it has ended meanwhile. */
function statOf(pid: number): { readonly pid: number; readonly parent: number; readonly ticks: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Behind the name, which can have anything in it: state, parent, and from the 12th on user and system time, its own and that of children that have ended.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  return { pid, parent: fields[1] ?? 0, ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) };
}
