import * as l10n from '@vscode/l10n';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { placeText } from '../secrets/ask-secret-name.ts';
import type { Command } from './command.ts';

export const deleteSecret: Command = {
  id: commands.deleteSecret,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const { secrets } = await daemon.call('secret/list', {});
    // A variable of the daemon's environment is nothing that could be taken away from here.
    const items = secrets.filter(({ from }) => from !== 'environment').map((secret) => ({ label: secret.name, description: placeText(secret) }));
    if (items.length === 0) {
      void app.ask.tell('information', l10n.t('There is no secret of {0} that could be deleted.', project.name));
      return undefined;
    }
    const name = (await app.ask.pick(items, { placeHolder: l10n.t('Which secret is to be deleted?') }))?.label;
    if (name === undefined) return undefined;
    const isSure = await app.ask.confirm({
      question: l10n.t('Delete the secret {0}?', name),
      detail: l10n.t("Its value can't be brought back. Jobs that need it fail from now on."),
      verb: l10n.t('Delete'),
    });
    if (!isSure) return undefined;
    await daemon.call('secret/delete', { name });
    await app.secrets.delete(project.folder, name);
    return name;
  },
};
