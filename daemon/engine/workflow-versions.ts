import { createHash } from 'node:crypto';
import type { Step } from '../../schemas/workflow/model.ts';
import { KeptWorkflows } from '../core/kept-workflows.ts';
import type { ClaimedJob, Store } from '../store/store.ts';

/** What tells the versions of a workflow apart: the first half of a SHA-256 of its text, in hex. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The steps of the workflows that runs keep. */
export class WorkflowVersions {
  readonly #store: Store;
  readonly #workflows = new KeptWorkflows();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The step that a job belongs to, where its version is in memory. */
  known(job: ClaimedJob): Step | undefined {
    const workflow = this.#workflows.known(job.version);
    return workflow?.steps[job.step] ?? workflow?.onFailure[job.step];
  }

  async step(job: ClaimedJob): Promise<Step> {
    const known = this.known(job);
    if (known !== undefined) return known;
    const stored = await this.#store.workflowVersion({ version: job.version });
    const workflow = stored && this.#workflows.understand(job.version, stored);
    const step = workflow?.steps[job.step] ?? workflow?.onFailure[job.step];
    if (step === undefined) throw new Error(`the version ${job.version} has no step ${job.step}`);
    return step;
  }
}
