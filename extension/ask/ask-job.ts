import type { App } from '../app.ts';
import type { JobState } from '../../schemas/protocol/state.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';
import { jobDescription, jobName } from '../wording/job.ts';
import { askProject } from './ask-project.ts';

export interface AskedJob {
  readonly project: Project;
  readonly job: string;
}

/** The job that a command is about. `states` narrows what is offered. */
export async function askJob(app: App, argument: unknown, placeHolder: string, states?: readonly JobState[]): Promise<AskedJob | undefined> {
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const job = readTarget(argument)?.job;
  if (job !== undefined) return { project, job };
  const daemon = await project.connection.ensure();
  const pages = await Promise.all(
    states === undefined ? [daemon.call('job/list', { limit: 200 })] : states.map((state) => daemon.call('job/list', { state, limit: 200 })),
  );
  const items = pages.flatMap(({ jobs }) => jobs).map((one) => ({ label: jobName(one), description: jobDescription(one, Date.now()), job: one.id }));
  const picked = await app.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, job: picked.job };
}

/** Jobs of one state that a person ticks, where none are selected. */
export async function askJobs(app: App, project: Project, placeHolder: string, state: JobState): Promise<readonly string[] | undefined> {
  const { jobs } = await (await project.connection.ensure()).call('job/list', { state, limit: 500 });
  const items = jobs.map((job) => ({ label: jobName(job), description: `${job.queue} · ${jobDescription(job, Date.now(), { state: false })}`, job: job.id }));
  return (await app.ask.pickMany(items, { placeHolder }))?.map(({ job }) => job);
}
