import type { Daemon } from '../../../client/daemon-client.ts';
import type { Mirror } from '../../mirror/mirror.ts';
import type { RunDetail, RunSummary } from '../../../schemas/protocol/run.ts';
import { Signal } from '../../base/signal.ts';

/** What of a project is needed here. */
export interface RunsOfProject {
  readonly folder: string;
  readonly mirror: Pick<Mirror, 'runs'>;
  readonly daemon: Pick<Daemon, 'call'> | undefined;
}

interface Known {
  /** Of which `detail` is; the mirror has another one as soon as the run changes. */
  readonly summary: RunSummary;
  readonly detail: RunDetail;
}

/**
 * The last run of each workflow that somebody looks at, with its steps. Asks the daemon only where the mirror says that the run has changed
 * since, and for one thing at a time; without a daemon it forgets everything.
 */
export class LastRuns {
  readonly #known = new Map<string, Known>();
  readonly #asking = new Set<string>();
  readonly #changed = new Signal<void>();
  readonly #onFault: (error: unknown) => void;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get onDidChange(): Signal<void>['listen'] {
    return this.#changed.listen;
  }

  /** As last heard; undefined if there is none, or none is known yet. */
  get({ folder }: Pick<RunsOfProject, 'folder'>, workflow: string): RunDetail | undefined {
    return this.#known.get(keyOf(folder, workflow))?.detail;
  }

  /** Resolves when it is as new as the mirror. */
  async look(project: RunsOfProject, workflow: string): Promise<void> {
    const key = keyOf(project.folder, workflow);
    const { daemon } = project;
    const summary = project.mirror.runs().find((run) => run.workflow === workflow);
    if (daemon === undefined || summary === undefined) {
      if (this.#known.delete(key)) this.#changed.fire();
      return;
    }
    if (this.#known.get(key)?.summary === summary || this.#asking.has(key)) return;
    this.#asking.add(key);
    try {
      this.#known.set(key, { summary, detail: await daemon.call('run/get', { id: summary.id }) });
      this.#changed.fire();
    } catch (error) {
      this.#onFault(error);
    } finally {
      this.#asking.delete(key);
    }
  }
}

function keyOf(folder: string, workflow: string): string {
  return `${folder}\n${workflow}`;
}

/** The runs against which expressions are evaluated, where a person has chosen one; else it is the last one. Forgotten with the window. */
export class ChosenRuns {
  readonly #byWorkflow = new Map<string, string>();

  get(folder: string, workflow: string): string | undefined {
    return this.#byWorkflow.get(`${folder}\n${workflow}`);
  }

  /** Undefined: the last one again. */
  set(folder: string, workflow: string, run: string | undefined): void {
    const key = `${folder}\n${workflow}`;
    if (run === undefined) this.#byWorkflow.delete(key);
    else this.#byWorkflow.set(key, run);
  }
}
