import type { ScheduleView } from '../../schemas/protocol/trigger.ts';
import { scheduleDescription } from '../wording/schedule.ts';
import type { Project } from '../project/project.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import type { WorkflowView } from '../../schemas/protocol/workflow.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { JobState } from '../../schemas/protocol/id.ts';
import { readTarget, readTargets } from '../base/target.ts';
import { attemptDescription, jobDescription, jobName } from '../wording/job.ts';
import { queueDescription } from '../wording/queue.ts';
import { deliveryDescription } from '../wording/delivery.ts';
import { runDescription } from '../wording/run.ts';
import type { Asking } from './prompter.ts';
import { say } from '../wording/language.ts';

/** The project that a command is about: that of its argument, the only one, or the one that is chosen. */
export async function askProject(asking: Asking, argument?: unknown): Promise<Project | undefined> {
  const target = readTarget(argument);
  if (target !== undefined) return asking.projects.get(target.folder);
  const { all, isVirtual } = asking.projects;
  const [only, ...others] = all;
  if (only === undefined) {
    void asking.ask.tell('information', isVirtual ? say("Sluice can't run here: its daemon needs a folder on a disk.") : say('No folder of this window is a Sluice project. "Sluice: Create Project" makes one.'));
    return undefined;
  }
  if (others.length === 0) return only;
  const items = all.map((project) => ({ label: project.name, description: project.path, project }));
  return (await asking.ask.pick(items, { placeHolder: say('Which project?') }))?.project;
}

export interface AskedWorkflow {
  readonly project: Project;
  readonly workflow: WorkflowView;
}

/** The workflow that a command is about: by its file where the target names one, as ids are only known to the daemon. */
export async function askWorkflow(asking: Asking, argument: unknown, placeHolder: string, filter: (workflow: WorkflowView) => boolean = () => true): Promise<AskedWorkflow | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const { workflows } = await (await project.connection.ensure()).call('workflow/list', {});
  const target = readTarget(argument);
  if (target?.file !== undefined || target?.workflow !== undefined) {
    const named = workflows.find(({ id, file }) => (target.file === undefined ? id === target.workflow : file === target.file));
    if (named === undefined) throw new Error(say('There is no workflow {file} in the project {project}.', { file: target.file ?? target.workflow ?? '', project: project.name }));
    return { project, workflow: named };
  }
  const items = workflows.filter(filter).map((workflow) => ({
    label: workflow.name,
    description: workflow.valid ? workflow.id : say('{file} · has errors', { file: workflow.file }),
    ...(workflow.description === undefined ? {} : { detail: workflow.description }),
    workflow,
  }));
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, workflow: picked.workflow };
}

export interface AskedRun {
  readonly project: Project;
  readonly run: string;
}

/** The run that a command is about. */
export async function askRun(asking: Asking, argument: unknown, placeHolder: string, filter: Pick<Params<'run/list'>, 'state'> = {}): Promise<AskedRun | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const run = readTarget(argument)?.run;
  if (run !== undefined) return { project, run };
  const { runs } = await (await project.connection.ensure()).call('run/list', { ...filter, limit: 200 });
  const items = runs.map((one) => ({ label: `${one.workflow} ${one.id}`, description: runDescription(one, Date.now()), run: one.id }));
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, run: picked.run };
}

export interface AskedDelivery {
  readonly project: Project;
  readonly delivery: string;
}

/** The received webhook that a command is about. */
export async function askDelivery(asking: Asking, argument: unknown, placeHolder: string): Promise<AskedDelivery | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const delivery = readTarget(argument)?.delivery;
  if (delivery !== undefined) return { project, delivery };
  const { deliveries } = await (await project.connection.ensure()).call('delivery/list', { limit: 200 });
  const items = deliveries.map((one) => ({ label: `${one.workflow} ${one.id}`, description: deliveryDescription(one, Date.now()), delivery: one.id }));
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, delivery: picked.delivery };
}

export interface AskedSchedule {
  readonly project: Project;
  readonly schedule: string;
}

/** The schedule that a command is about. `filter` narrows what is offered, not what was clicked. */
export async function askSchedule(asking: Asking, argument: unknown, placeHolder: string, filter: (schedule: ScheduleView) => boolean): Promise<AskedSchedule | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const schedule = readTarget(argument)?.schedule;
  if (schedule !== undefined) return { project, schedule };
  const { schedules } = await (await project.connection.ensure()).call('schedule/list', {});
  const items = schedules.filter(filter).map((one) => ({ label: `${one.workflow} ${one.cron}`, description: scheduleDescription(one, Date.now()), schedule: one.id }));
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, schedule: picked.schedule };
}

export interface AskedQueue {
  readonly project: Project;
  readonly queue: QueueView;
}

/** The queue that a command is about. `filter` narrows what is offered, not what was clicked. */
export async function askQueue(asking: Asking, argument: unknown, placeHolder: string, filter: (queue: QueueView, project: Project) => boolean = () => true): Promise<AskedQueue | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const { queues } = await (await project.connection.ensure()).call('queue/list', {});
  const name = readTarget(argument)?.queue;
  const named = queues.find((queue) => queue.name === name);
  if (named !== undefined) return { project, queue: named };
  const items = queues.filter((queue) => filter(queue, project)).map((queue) => ({ label: queue.name, description: queueDescription(queue, Date.now()), queue }));
  if (items.length === 0) {
    void asking.ask.tell('information', say('There is no queue to choose from for that.'));
    return undefined;
  }
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, queue: picked.queue };
}

export interface AskedJob {
  readonly project: Project;
  readonly job: string;
}

/** The job that a command is about. `states` narrows what is offered. */
export async function askJob(asking: Asking, argument: unknown, placeHolder: string, states?: readonly JobState[]): Promise<AskedJob | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const job = readTarget(argument)?.job;
  if (job !== undefined) return { project, job };
  const daemon = await project.connection.ensure();
  const pages = await Promise.all(
    states === undefined ? [daemon.call('job/list', { limit: 200 })] : states.map((state) => daemon.call('job/list', { state, limit: 200 })),
  );
  const items = pages.flatMap(({ jobs }) => jobs).map((one) => ({ label: jobName(one), description: jobDescription(one, Date.now()), job: one.id }));
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, job: picked.job };
}

/** Jobs of one state that a person ticks, if none are selected. */
export async function askJobs(asking: Asking, project: Project, placeHolder: string, state: JobState): Promise<readonly string[] | undefined> {
  const { jobs } = await (await project.connection.ensure()).call('job/list', { state, limit: 500 });
  const items = jobs.map((job) => ({ label: jobName(job), description: `${job.queue} · ${jobDescription(job, Date.now(), { state: false })}`, job: job.id }));
  return (await asking.ask.pickMany(items, { placeHolder }))?.map(({ job }) => job);
}

export interface AskedAttempts {
  readonly project: Project;
  readonly job: string;
  readonly attempts: readonly number[];
}

/** As many attempts of one job as a command needs: those that are selected, or those that are chosen, one after the other. */
export async function askAttempts(asking: Asking, argument: unknown, selected: unknown, count: 1 | 2): Promise<AskedAttempts | undefined> {
  const asked = await askJob(asking, argument, say('Of which job?'));
  if (asked === undefined) return undefined;
  const given = readTargets(argument, selected).flatMap(({ job, attempt }) => (job === asked.job && attempt !== undefined ? [attempt] : []));
  const single = readTarget(argument)?.attempt;
  const chosen = given.length >= count ? given.slice(0, count) : single === undefined ? [] : [single];
  if (chosen.length < count) {
    const { attempts } = await (await asked.project.connection.ensure()).call('job/get', { id: asked.job });
    while (chosen.length < count) {
      const items = attempts.filter(({ number }) => !chosen.includes(number)).map((attempt) => ({ label: say('Attempt {number}', { number: attempt.number }), description: attemptDescription(attempt), number: attempt.number }));
      const picked = await asking.ask.pick(items, { placeHolder: chosen.length === 0 ? say('Which attempt?') : say('Compare with which attempt?') });
      if (picked === undefined) return undefined;
      chosen.push(picked.number);
    }
  }
  return { ...asked, attempts: chosen.toSorted((one, other) => one - other) };
}
