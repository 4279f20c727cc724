import { writeFileSync } from 'node:fs';

/** If the machine has no memory left, Linux ends this process and not the daemon, or anything else of the user's. */
export function letDieFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // Other systems don't do that.
  }
}
