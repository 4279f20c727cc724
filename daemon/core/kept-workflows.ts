import { analyseWorkflow, type WorkflowAnalysis } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { english } from '../../schemas/wording/language.ts';

/** A version of a workflow, as it was when a run began with it. */
export interface KeptWorkflow {
  /** Its id. */
  readonly workflow: string;
  readonly text: string;
}

/** Whatever this version of Sluice says of it by now, such as of an action that it no longer has: it was valid when it was kept. */
export function analyseKept({ workflow, text }: KeptWorkflow): WorkflowAnalysis {
  return analyseWorkflow({ text, id: workflow, actions: 'any' });
}

/**
 * The versions of workflows that runs keep, understood once each; the one that was understood first goes when there are too many. A version's text
 * never changes. Each thread has an instance: what is understood doesn't go from one to another.
 */
export class KeptWorkflows {
  readonly #known = new Map<string, Workflow>();
  readonly #most: number;

  /** `most`: versions kept in memory. */
  constructor(most = 200) {
    this.#most = most;
  }

  known(version: string): Workflow | undefined {
    return this.#known.get(version);
  }

  /** @throws Error where it can't be read: that is a bug, or a file that somebody else wrote */
  understand(version: string, kept: KeptWorkflow): Workflow {
    const known = this.#known.get(version);
    if (known !== undefined) return known;
    const { workflow, diagnostics } = analyseKept(kept);
    if (workflow === undefined) {
      const [first] = diagnostics;
      throw new Error(`the kept workflow ${version} can't be read${first === undefined ? '' : `: ${english.textOf(first.message)}`}`);
    }
    const oldest = this.#known.keys().next();
    if (this.#known.size >= this.#most && oldest.done !== true) this.#known.delete(oldest.value);
    this.#known.set(version, workflow);
    return workflow;
  }
}
