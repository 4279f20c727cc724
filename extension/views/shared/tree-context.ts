import type { AlertCrossings } from '../../alerts/alert-crossings.ts';
import type { Projects } from '../../project/projects.ts';

/** What rows need besides what they are about. */
export interface TreeContext {
  readonly projects: Projects;
  readonly alerts: AlertCrossings;
  /** Words that rows must have to be shown; empty shows everything. */
  readonly filter: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Draws rows of this view again. */
  readonly refresh: (ids: Iterable<string>) => void;
}
