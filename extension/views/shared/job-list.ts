import type { JobSummary } from '../../../schemas/protocol/job.ts';
import type { Target } from '../../target.ts';
import { JobNode, type JobRowStyle } from './job-node.ts';
import { LoadMoreNode } from './load-more-node.ts';
import { longestList, nextLimit, pageSize } from './page-size.ts';
import type { TreeNode } from './tree-node.ts';
import type { TreeContext } from './tree-context.ts';

export interface JobListOptions {
  readonly context: TreeContext;
  /** Of the row that the jobs are below. */
  readonly parentId: string;
  readonly target: Target;
  readonly style: JobRowStyle;
  readonly fetch: (limit: number) => Promise<{ readonly jobs: readonly JobSummary[]; readonly next?: string | undefined }>;
}

/** The jobs below a row, by pages. */
export class JobList {
  readonly #options: JobListOptions;
  #limit = pageSize;

  constructor(options: JobListOptions) {
    this.#options = options;
  }

  async nodes(): Promise<readonly TreeNode[]> {
    const { context, parentId, target, style, fetch } = this.#options;
    const { jobs, next } = await fetch(this.#limit);
    const rows: TreeNode[] = jobs.map((job) => new JobNode(context, parentId, target.folder, job, style));
    if (next !== undefined && this.#limit < longestList) {
      rows.push(
        new LoadMoreNode(parentId, target, () => {
          this.#limit = nextLimit(this.#limit);
          context.refresh([parentId]);
        }),
      );
    }
    return rows;
  }
}
