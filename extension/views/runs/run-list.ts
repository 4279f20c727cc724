import type { RunSummary } from '../../../schemas/protocol/run.ts';
import type { Project } from '../../project/project.ts';
import { LoadMoreNode } from '../shared/load-more-node.ts';
import { longestList, nextLimit, pageSize } from '../shared/page-size.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';
import { hasWords } from '../shared/view-filters.ts';
import { runDescription } from '../../wording/run.ts';
import { RunNode } from './run-node.ts';

/** The runs of one project, newest first, by pages: the newest from the mirror, older ones from the daemon. */
export class RunList {
  readonly #project: Project;
  readonly #refresh: () => void;
  #limit = pageSize;

  constructor(project: Project, refresh: () => void) {
    this.#project = project;
    this.#refresh = refresh;
  }

  async nodes(context: TreeContext): Promise<readonly TreeNode[]> {
    const words = context.filter();
    const { runs, hasMore } = await this.#page(words === '' ? this.#limit : longestList);
    const rows: TreeNode[] = runs.filter((run) => hasWords(`${run.workflow} ${run.id} ${runDescription(run, context.now())}`, words)).map((run) => new RunNode(context, this.#project, run));
    if (hasMore && words === '' && this.#limit < longestList) {
      const { folder } = this.#project;
      rows.push(
        new LoadMoreNode(`${folder}/runs`, { folder }, () => {
          this.#limit = nextLimit(this.#limit);
          this.#refresh();
        }),
      );
    }
    return rows;
  }

  async #page(limit: number): Promise<{ readonly runs: readonly RunSummary[]; readonly hasMore: boolean }> {
    const mirrored = this.#project.mirror.runs();
    if (mirrored.length < pageSize) return { runs: mirrored, hasMore: false };
    if (mirrored.length > limit) return { runs: mirrored.slice(0, limit), hasMore: true };
    const answer = await this.#project.daemon?.call('run/list', { limit });
    return answer === undefined ? { runs: mirrored, hasMore: false } : { runs: answer.runs, hasMore: answer.next !== undefined };
  }
}
