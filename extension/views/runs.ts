import { views } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import { say } from '../wording/language.ts';
import { runDescription } from '../wording/run.ts';
import { openTreeView, type ViewContext } from './open-tree-view.ts';
import type { OpenTreeView } from './open-view.ts';
import { type RunContext, RunNode, runNodeId } from './run-node.ts';
import { LoadMoreNode, longestList, MessageNode, nextLimit, pageSize, type TreeNode } from './tree-node.ts';
import { type ConditionFilter, hasWords, jobConditions } from './view-filters.ts';
import type { ProjectMirrorChange } from '../project/projects.ts';

/** Runs, their steps, the jobs of each, and the attempts at each job. */
export function openRunsView(window: ViewContext): OpenTreeView {
  const drafts = new DraftChanges();
  const lists = new WeakMap<Project, RunList>();
  const childLists = new Set<string>();
  const open: OpenTreeView = openTreeView(window, {
    id: views.runs,
    rows: async (context, project) => {
      const list = lists.get(project) ?? new RunList(project, () => open.tree.refreshAll());
      lists.set(project, list);
      return list.nodes({ ...context, childLists });
    },
    affected: ({ project, change }) => {
      if (drafts.take({ project, change }) || change.all || change.runList) return 'all';
      for (const id of childLists) if (open.tree.find(id) === undefined) childLists.delete(id);
      const below = change.queues.size === 0 ? [] : [...childLists].filter((id) => id.startsWith(runNodeId(project.folder, '')));
      return [...[...change.runs].map((id) => runNodeId(project.folder, id)), ...below];
    },
  });
  return open;
}

/** Each that the mirror no longer holds is asked for by itself. */
const maxFilteredRuns = 50;

/** The runs of one project, newest first, by pages: the newest from the mirror, older ones from the daemon. */
class RunList {
  readonly #project: Project;
  readonly #refresh: () => void;
  #limit = pageSize;

  constructor(project: Project, refresh: () => void) {
    this.#project = project;
    this.#refresh = refresh;
  }

  async nodes(context: RunContext): Promise<readonly TreeNode[]> {
    const words = context.filter();
    const filter = context.conditions();
    if (filter !== undefined) return this.#filtered(context, filter);
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

  /** Runs that have a job that meets the conditions: of the newest jobs, as many as a view lists. */
  async #filtered(context: RunContext, filter: ConditionFilter): Promise<readonly TreeNode[]> {
    const { daemon, folder, mirror } = this.#project;
    if (daemon === undefined) return [];
    const found = await daemon.call('job/list', { ...jobConditions(filter), limit: longestList });
    const ids = [...new Set(found.jobs.map(({ run }) => run))];
    const shownIds = ids.slice(0, maxFilteredRuns);
    const runs = await Promise.all(shownIds.map(async (id) => mirror.run(id) ?? (await daemon.call('run/get', { id }))));
    const rows: TreeNode[] = runs.map((run) => new RunNode(context, this.#project, run));
    if (found.next !== undefined || ids.length > maxFilteredRuns) rows.push(new MessageNode(folder, { folder }, say('Older runs may have such jobs too: only the newest were looked at.'), 'ellipsis'));
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

/** Notices that edits were saved, dropped or sent: of that, neither a run nor a depth tells. */
class DraftChanges {
  readonly #seen = new Map<string, string>();

  /** Whether dead letters of any queue have other edits than when it was last asked. */
  take({ project, change }: ProjectMirrorChange): boolean {
    let hasChanged = false;
    for (const name of change.all ? project.mirror.queues().map((queue) => queue.name) : change.queues) {
      const drafts = project.mirror.queue(name)?.drafts;
      const now = drafts === undefined ? '' : `${drafts.count} ${drafts.savedAt}`;
      const key = `${project.folder} ${name}`;
      hasChanged ||= now !== (this.#seen.get(key) ?? '');
      this.#seen.set(key, now);
    }
    return hasChanged;
  }
}
