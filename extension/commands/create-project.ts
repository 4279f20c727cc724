import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { commands } from '../ids.ts';
import type { Project } from '../project/project.ts';
import { writeStarterFiles } from '../project/starter-files.ts';
import type { Command } from './command.ts';

/** A small `.sluice/` that works, and its workflow in the editor. Files that are there are left alone. */
export const createProject: Command = {
  id: commands.createProject,
  acts: true,
  run: async (app) => {
    const project = await askFolder(app);
    if (project === undefined) return undefined;
    const { created } = await writeStarterFiles(project.path, app.programs.cli);
    app.log.info(`made in ${project.path}: ${created.join(', ')}`);
    await project.connection.look();
    const workflow = created.find((file) => file.includes('/workflows/'));
    // A preview would take the place of another one: that of the first steps, where VS Code has opened them by itself.
    if (workflow !== undefined) await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.Uri.parse(project.folder), workflow), { preview: false });
    return created;
  },
};

async function askFolder({ projects, ask }: App): Promise<Project | undefined> {
  const folders = projects.folders.filter(({ isProject }) => !isProject);
  const [only, ...others] = folders;
  if (only === undefined) {
    const message = projects.isVirtual
      ? l10n.t("Sluice can't run here: its daemon needs a folder on a disk.")
      : projects.folders.length === 0
        ? l10n.t('Open a folder first: the project goes into it.')
        : l10n.t('Every folder of this window is a Sluice project already.');
    void ask.tell('information', message);
    return undefined;
  }
  if (others.length === 0) return only;
  return (await ask.pick(folders.map((project) => ({ label: project.name, description: project.path, project })), { placeHolder: l10n.t('Which folder becomes a project?') }))?.project;
}
