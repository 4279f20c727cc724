import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { type PoolEnding, ProcessPool } from '../process-pool.ts';
import type { SandboxReply, SandboxTask } from './sandbox-task.ts';

/** What code takes in wall time at most, by its limit of processor time: a machine can be busy, or hold up what QuickJS can't interrupt. */
const wallFactor = 3;
const wallExtraMs = 2_000;

/** A sibling of this module in source and in `dist/`. */
const program = fileURLToPath(new URL(`./sandbox-program${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

export type SandboxEnding = PoolEnding<SandboxReply>;
export type Sandbox = ProcessPool<SandboxTask, SandboxReply>;

/**
 * Where code of people runs: two processes, since code of jobs rarely takes more than a millisecond. V8's heap has none of the memory of scripts in it. Their
 * priority is below that of everything else, so that code which never ends takes only what the daemon leaves.
 */
export function makeSandbox(clock: Clock, priority: number = constants.priority.PRIORITY_BELOW_NORMAL): Sandbox {
  return new ProcessPool({ clock, program, most: 2, heapMb: 128, priority, wallMs: ({ limitMs }) => limitMs * wallFactor + wallExtraMs });
}
