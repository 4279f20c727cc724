import { analyseWorkflow } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Step, Workflow } from '../../schemas/workflow/model.ts';
import type { ClaimedJob, Store } from '../store/store.ts';

/** Versions kept in memory. */
const most = 200;

/** The versions of workflows that runs keep, understood once each. */
export class WorkflowVersions {
  readonly #store: Store;
  readonly #known = new Map<string, Workflow>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The step that a job belongs to, where its version is in memory. */
  known(job: ClaimedJob): Step | undefined {
    const workflow = this.#known.get(job.version);
    return workflow?.steps[job.step] ?? workflow?.onFailure[job.step];
  }

  async step(job: ClaimedJob): Promise<Step> {
    const known = this.known(job);
    if (known !== undefined) return known;
    const stored = await this.#store.workflowVersion({ version: job.version });
    const workflow = stored === undefined ? undefined : analyseWorkflow({ text: stored.text, id: stored.workflow, actions: 'any' }).workflow;
    const step = workflow?.steps[job.step] ?? workflow?.onFailure[job.step];
    if (workflow === undefined || step === undefined) throw new Error(`the version ${job.version} has no step ${job.step}`);
    const oldest = this.#known.keys().next();
    if (this.#known.size >= most && oldest.done !== true) this.#known.delete(oldest.value);
    this.#known.set(job.version, workflow);
    return step;
  }
}
