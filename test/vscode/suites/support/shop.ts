import type { JobSummary } from '../../../../schemas/protocol/job.ts';
import type { JobState, RunState } from '../../../../schemas/protocol/id.ts';
import type { App } from '../../../../extension/commands/app.ts';
import type { Daemon } from '../../../../client/daemon-client.ts';
import type { Project } from '../../../../extension/project/project.ts';
import type { Target } from '../../../../extension/base/target.ts';
import { Erp } from './erp.ts';
import { connectedProject, mirrorChanges } from './sluice.ts';
import { until } from './until.ts';

/** The project of the window with its daemon, and the ERP that its workflows call. */
export class Shop {
  readonly app: App;
  readonly project: Project;
  readonly erp: Erp;

  static async open(): Promise<Shop> {
    const erp = new Erp();
    await erp.start();
    const { api, project } = await connectedProject();
    return new Shop(api.app, project, erp);
  }

  private constructor(app: App, project: Project, erp: Erp) {
    this.app = app;
    this.project = project;
    this.erp = erp;
  }

  /** The one that is connected now. */
  get daemon(): Daemon {
    const { daemon } = this.project;
    if (daemon === undefined) throw new Error(`no daemon is connected: ${this.project.connection.state.kind}`);
    return daemon;
  }

  /** Leaves no dead letter and nothing active behind for the next tests. */
  async close(): Promise<void> {
    this.erp.release();
    await this.discardAll();
    await this.erp.stop();
  }

  /** The bulk work that began last: its action, its state, and how many it has been done to. */
  async lastBulk(): Promise<readonly unknown[]> {
    const [last] = (await this.daemon.call('bulk/list', {})).bulks;
    return [last?.action, last?.state, last?.done];
  }

  target(rest: Omit<Target, 'folder'> = {}): Target {
    return { folder: this.project.folder, ...rest };
  }

  /** A run of `order`, which the ERP refuses. */
  async order(number = 1): Promise<string> {
    return (await this.daemon.call('run/start', { workflow: 'order', inputs: { url: this.erp.url, number } })).id;
  }

  /** A run of `batch`, whose items the ERP takes. */
  async batch(count: number): Promise<string> {
    const items = Array.from({ length: count }, (_, index) => ({ id: `item-${index + 1}` }));
    return (await this.daemon.call('run/start', { workflow: 'batch', inputs: { url: this.erp.url, items } })).id;
  }

  async runIs(run: string, state: RunState): Promise<void> {
    await until(`${run} is ${state}`, () => this.project.mirror.run(run)?.state === state, mirrorChanges(this.app));
  }

  /** The first job of a run, as soon as it is in this state. */
  async jobOf(run: string, state: JobState): Promise<JobSummary> {
    return until(`a job of ${run} is ${state}`, async () => (await this.daemon.call('job/list', { run, state, limit: 1 })).jobs[0], mirrorChanges(this.app));
  }

  /** As many dead letters of orders, oldest first; the mirror knows of all of them. */
  async deadLetters(count: number): Promise<readonly JobSummary[]> {
    const runs: string[] = [];
    for (let number = 1; number <= count; number++) runs.push(await this.order(number));
    const jobs: JobSummary[] = [];
    for (const run of runs) {
      await this.runIs(run, 'failed');
      jobs.push(await this.jobOf(run, 'dead'));
    }
    await this.deadAre((dead) => dead >= count);
    return jobs;
  }

  async deadAre(isMeant: (dead: number) => boolean): Promise<void> {
    await until('the mirror counts the dead letters', () => isMeant(this.project.mirror.queue('erp')?.depth.dead ?? 0), mirrorChanges(this.app));
  }

  /** When everything has been attempted, so that nothing dies afterwards. */
  async discardAll(): Promise<void> {
    await until(
      'nothing waits or is under way',
      async () => (await this.daemon.call('queue/list', {})).queues.every(({ depth }) => depth.pending + depth.delayed + depth.active === 0),
      mirrorChanges(this.app),
    );
    await this.daemon.call('dead/discard', { all: true });
    await this.deadAre((dead) => dead === 0);
  }
}
