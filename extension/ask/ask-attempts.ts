import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { Project } from '../project/project.ts';
import { readTarget, readTargets } from '../target.ts';
import { attemptDescription } from '../wording/job.ts';
import { askJob } from './ask-job.ts';

export interface AskedAttempts {
  readonly project: Project;
  readonly job: string;
  readonly attempts: readonly number[];
}

/** As many attempts of one job as a command needs: those that are selected, or those that are chosen, one after the other. */
export async function askAttempts(app: App, argument: unknown, selected: unknown, count: 1 | 2): Promise<AskedAttempts | undefined> {
  const asked = await askJob(app, argument, l10n.t('Of which job?'));
  if (asked === undefined) return undefined;
  const given = readTargets(argument, selected).flatMap(({ job, attempt }) => (job === asked.job && attempt !== undefined ? [attempt] : []));
  const single = readTarget(argument)?.attempt;
  const chosen = given.length >= count ? given.slice(0, count) : single === undefined ? [] : [single];
  if (chosen.length < count) {
    const { attempts } = await (await asked.project.connection.ensure()).call('job/get', { id: asked.job });
    while (chosen.length < count) {
      const items = attempts.filter(({ number }) => !chosen.includes(number)).map((attempt) => ({ label: l10n.t('Attempt {0}', attempt.number), description: attemptDescription(attempt), number: attempt.number }));
      const picked = await app.ask.pick(items, { placeHolder: chosen.length === 0 ? l10n.t('Which attempt?') : l10n.t('Compare with which attempt?') });
      if (picked === undefined) return undefined;
      chosen.push(picked.number);
    }
  }
  return { ...asked, attempts: chosen.toSorted((one, other) => one - other) };
}
