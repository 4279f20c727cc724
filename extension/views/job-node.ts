import * as vscode from 'vscode';
import { curlActions } from '../documents/curl-text.ts';
import { commands } from '../base/ids.ts';
import type { AttemptView, JobSummary } from '../../schemas/protocol/job.ts';
import { isJobEnded } from '../../schemas/protocol/id.ts';
import type { Target } from '../base/target.ts';
import { attemptDescription, jobDescription, jobFacts, jobLabel, jobName } from '../wording/job.ts';
import { ageAt, say, toldText } from '../wording/language.ts';
import { factTable, stateIcon } from './fact-table.ts';
import { LoadMoreNode, longestList, nextLimit, pageSize, type TreeContext, type TreeNode } from './tree-node.ts';

interface JobRowStyle {
  /** What the rows above tell already. */
  readonly hidden?: { readonly state?: boolean; readonly cause?: boolean };
  /** A click opens its payload for editing, where it is a dead letter. */
  readonly opensPayload?: boolean;
}

class JobNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #style: JobRowStyle;
  #job: JobSummary;

  constructor(context: TreeContext, parentId: string, folder: string, job: JobSummary, style: JobRowStyle) {
    this.id = `${parentId}/${job.id}`;
    this.target = { folder, job: job.id, run: job.run, queue: job.queue };
    this.#context = context;
    this.#style = style;
    this.#job = job;
  }

  item(): vscode.TreeItem {
    const job = this.#job;
    const { hidden = {}, opensPayload = false } = this.#style;
    const now = this.#context.now();
    const hasAttempts = job.attemptCount > 0 || job.state === 'active';
    const item = new vscode.TreeItem(jobName(job), hasAttempts ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
    item.description = jobDescription(job, now, { state: hidden.state !== true, cause: hidden.cause !== true });
    // Another shape, and not another colour alone.
    item.iconPath = job.state === 'dead' && job.draft !== undefined ? new vscode.ThemeIcon('edit', new vscode.ThemeColor('gitDecoration.modifiedResourceForeground')) : stateIcon(job.state);
    item.contextValue = ['job', job.state, ...(job.waitsFor?.kind === 'signal' ? ['answerable'] : []), ...(isJobEnded(job.state) ? [] : ['cancellable']), ...(job.state === 'dead' ? ['replayable', ...(job.draft === undefined ? [] : ['edited'])] : []), ...(curlActions.includes(job.uses) ? ['httpCall'] : [])].join(' ');
    item.accessibilityInformation = { label: jobLabel(job, now) };
    item.command =
      opensPayload && job.state === 'dead'
        ? { command: commands.openDeadLetter, title: say('Edit Payload'), arguments: [this.target] }
        : { command: commands.openJob, title: say('Open Job'), arguments: [this.target] };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const daemon = this.#context.projects.get(this.target.folder)?.daemon;
    if (daemon === undefined) return [];
    const { attempts } = await daemon.call('job/get', { id: this.#job.id });
    return attempts.toReversed().map((attempt) => new AttemptNode(this.id, this.target, attempt));
  }

  tooltip(): vscode.MarkdownString {
    return factTable(jobName(this.#job), jobFacts(this.#job, ageAt(this.#context.now())));
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof JobNode) this.#job = newer.#job;
  }
}

class AttemptNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  #attempt: AttemptView;

  constructor(parentId: string, job: Target, attempt: AttemptView) {
    this.id = `${parentId}/attempt ${attempt.number}`;
    this.target = { ...job, attempt: attempt.number };
    this.#attempt = attempt;
  }

  item(): vscode.TreeItem {
    const attempt = this.#attempt;
    const name = attempt.round > 1 ? say('Attempt {number}, round {round}', { number: attempt.number, round: attempt.round }) : say('Attempt {number}', { number: attempt.number });
    const item = new vscode.TreeItem(name);
    item.description = attemptDescription(attempt);
    item.iconPath = stateIcon(attempt.state);
    item.contextValue = `attempt ${attempt.state}`;
    item.accessibilityInformation = { label: `${name}, ${attemptDescription(attempt)}` };
    item.tooltip = new vscode.MarkdownString().appendText(attempt.error === undefined ? item.description : toldText(attempt.error));
    item.command = { command: commands.openAttempt, title: say('Open Attempt'), arguments: [this.target] };
    return item;
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof AttemptNode) this.#attempt = newer.#attempt;
  }
}

/** As `job/list` and `dead/list` take it. */
export interface JobPage {
  readonly limit: number;
  readonly cursor?: string;
}

/** Pages that are read for as many rows as one page has: with an expression, a page may end before it is full. */
const maxPages = 10;

export interface JobListOptions {
  readonly context: TreeContext;
  /** Of the row that the jobs are below. */
  readonly parentId: string;
  readonly target: Target;
  readonly style: JobRowStyle;
  readonly fetch: (page: JobPage) => Promise<{ readonly jobs: readonly JobSummary[]; readonly next?: string | undefined }>;
}

/** The jobs below a row, by pages. */
export class JobList {
  readonly #options: JobListOptions;
  #limit = pageSize;

  constructor(options: JobListOptions) {
    this.#options = options;
  }

  async nodes(): Promise<readonly TreeNode[]> {
    const { context, parentId, target, style } = this.#options;
    const { jobs, next } = await this.#read();
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

  async #read(): Promise<{ readonly jobs: readonly JobSummary[]; readonly next: string | undefined }> {
    const jobs: JobSummary[] = [];
    let next: string | undefined;
    let pages = 0;
    do {
      const page = await this.#options.fetch({ limit: this.#limit - jobs.length, ...(next === undefined ? {} : { cursor: next }) });
      jobs.push(...page.jobs);
      next = page.next;
      pages++;
    } while (next !== undefined && jobs.length < this.#limit && pages < (maxPages * this.#limit) / pageSize);
    return { jobs, next };
  }
}
