import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ProjectLook } from '../../client/projects.ts';
import { commands } from '../ids.ts';
import { say } from '../wording/language.ts';
import type { Command } from './command.ts';

/** A project of this machine that this window doesn't have, in a window of its own if this one has a folder. */
export const openProject: Command = {
  id: commands.openProject,
  acts: false,
  run: async ({ projects, ask }) => {
    const open = new Set(projects.folders.map((project) => project.path));
    // Here and not above: seldom needed, and not to be loaded at the start.
    const [{ ProjectList }, { lookAtProjects }] = await Promise.all([import('../../client/projects.ts'), import('../../client/projects.ts')]);
    const known = (await new ProjectList().all()).filter(({ folder }) => !open.has(folder));
    if (known.length === 0) {
      void ask.tell('information', l10n.t('This machine has no other project that Sluice knows of. A project is known once its daemon has run.'));
      return undefined;
    }
    const looks = lookAtProjects(known).then((all) => all.filter(({ daemon }) => daemon !== 'gone').map(itemOf));
    const chosen = await ask.pick(looks, { placeHolder: l10n.t('Which project?') });
    if (chosen === undefined) return undefined;
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(chosen.folder), { forceNewWindow: (vscode.workspace.workspaceFolders ?? []).length > 0 });
    return chosen.folder;
  },
};

interface ProjectItem extends vscode.QuickPickItem {
  readonly folder: string;
}

function itemOf(look: ProjectLook): ProjectItem {
  return { label: path.basename(look.folder), description: path.dirname(look.folder), detail: detailOf(look), folder: look.folder };
}

function detailOf({ daemon, waiting, dead }: ProjectLook): string {
  const parts = [daemon === 'running' ? l10n.t('daemon running') : daemon === 'unreachable' ? l10n.t('daemon does not answer') : l10n.t('daemon stopped')];
  if (waiting !== undefined) parts.push(say('{count, plural, one {# job waiting} other {# jobs waiting}}', { count: waiting }));
  if (dead !== undefined && dead > 0) parts.push(say('{count, plural, one {# dead letter} other {# dead letters}}', { count: dead }));
  return parts.join(' · ');
}
