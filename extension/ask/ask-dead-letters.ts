import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import { chosenDeadLetters } from '../dead-letters/chosen-dead-letters.ts';
import type { DeadGroup } from '../dead-letters/dead-group.ts';
import { jobDescription, jobName } from '../wording/job.ts';
import { askProject } from './ask-project.ts';

/** The dead letters that a command is about: those that are selected, of whichever project, or those of one that a person ticks. */
export async function askDeadLetters(app: App, argument: unknown, selected: unknown, placeHolder: string): Promise<readonly DeadGroup[] | undefined> {
  const chosen = chosenDeadLetters(app, argument, selected);
  if (chosen.length > 0) return chosen;
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const { jobs } = await (await project.connection.ensure()).call('dead/list', { limit: 500 });
  const items = jobs.map((job) => ({ label: jobName(job), description: `${job.queue} · ${jobDescription(job, Date.now(), { state: false })}`, job: job.id }));
  const ids = (await app.ask.pickMany(items, { placeHolder }))?.map(({ job }) => job) ?? [];
  const [first] = ids;
  return first === undefined ? undefined : [{ project, selection: { ids }, name: ids.length === 1 ? first : l10n.t('the selection') }];
}
