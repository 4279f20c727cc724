import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';

/** The project that a command is about: that of its argument, the only one, or the one that is chosen. */
export async function askProject(app: App, argument?: unknown): Promise<Project | undefined> {
  const target = readTarget(argument);
  if (target !== undefined) return app.projects.get(target.folder);
  const { all, isVirtual } = app.projects;
  const [only, ...others] = all;
  if (only === undefined) {
    void app.ask.tell('information', isVirtual ? l10n.t("Sluice can't run here: its daemon needs a folder on a disk.") : l10n.t('No folder of this window is a Sluice project. "Sluice: Create Project" makes one.'));
    return undefined;
  }
  if (others.length === 0) return only;
  const items = all.map((project) => ({ label: project.name, description: project.path, project }));
  return (await app.ask.pick(items, { placeHolder: l10n.t('Which project?') }))?.project;
}
