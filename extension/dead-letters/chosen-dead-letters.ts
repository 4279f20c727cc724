import { askProject } from '../ask/pickers.ts';
import { readChosen } from '../selection/chosen.ts';
import { jobDescription, jobName } from '../wording/job.ts';
import type { DeadGroup } from './dead-group.ts';
import type { Asking } from '../ask/prompter.ts';
import { say } from '../wording/language.ts';

/** The dead letters that are selected, a group for each project; none where a command was called for something else. */
export function chosenDeadLetters({ projects }: Pick<Asking, 'projects'>, argument: unknown, selected: unknown): readonly DeadGroup[] {
  const chosen = readChosen('job', argument, selected);
  const [first] = chosen;
  const name = chosen.length === 1 && first !== undefined ? first.id : say('the selection');
  return [...Map.groupBy(chosen, ({ folder }) => folder)].flatMap(([folder, ofProject]) => {
    const project = projects.get(folder);
    return project === undefined ? [] : [{ project, selection: { ids: ofProject.map(({ id }) => id) }, name }];
  });
}

/** The dead letters that a command is about: those that are selected, of whichever project, or those of one that a person ticks. */
export async function askDeadLetters(asking: Asking, argument: unknown, selected: unknown, placeHolder: string): Promise<readonly DeadGroup[] | undefined> {
  const chosen = chosenDeadLetters(asking, argument, selected);
  if (chosen.length > 0) return chosen;
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const { jobs } = await (await project.connection.ensure()).call('dead/list', { limit: 500 });
  const items = jobs.map((job) => ({ label: jobName(job), description: `${job.queue} · ${jobDescription(job, Date.now(), { state: false })}`, job: job.id }));
  const ids = (await asking.ask.pickMany(items, { placeHolder }))?.map(({ job }) => job) ?? [];
  const [first] = ids;
  return first === undefined ? undefined : [{ project, selection: { ids }, name: ids.length === 1 ? first : say('the selection') }];
}
