import * as l10n from '@vscode/l10n';
import type { ClientFault, DaemonEnd } from '../../client/client-error.ts';
import type { DiscoveryProblem } from '../../schemas/protocol/discovery.ts';
import type { StateFolderProblem } from '../../schemas/protocol/state-folder.ts';

/** What the client of a daemon met that no daemon has said, in whole sentences. */
export function clientFaultText(fault: ClientFault): string {
  switch (fault.kind) {
    case 'no-project':
      return l10n.t('This folder is no Sluice project yet: it has no .sluice folder.');
    case 'folder-gone':
      return l10n.t('The folder {0} is gone: it was deleted, renamed or moved.', fault.folder);
    case 'untrusted':
      return l10n.t('The daemon is not started in Restricted Mode. Trust the workspace to run workflows.');
    case 'not-running':
      return l10n.t("The project's daemon is not running.");
    case 'disposed':
      return l10n.t('The folder was closed.');
    case 'silent':
      return l10n.t("The project's daemon (pid {0}) does not answer just now. The log has more.", String(fault.pid));
    case 'busy':
      return l10n.t("The project's daemon (pid {0}) accepts no further connection: it is stopping, or too many programs are connected to it.", String(fault.pid));
    case 'unusable':
      return l10n.t('A daemon has the project, but {0} can not be used to reach it. {1}', fault.file, discoveryProblemText(fault.problem));
    case 'incompatible':
      return incompatibleText(fault.version, fault.behind);
    case 'state-folder':
      return stateFolderText(fault.problem);
    case 'state-folder-unwritable':
      return l10n.t('The folder {0} can not be written: {1}', fault.folder, fault.problem);
    case 'start-refused':
      return fault.output === '' ? l10n.t('No daemon of yours has run in this folder yet.') : fault.output;
    case 'start-failed':
      return withOutput(endText(fault.end), fault.output);
    case 'start-timeout':
      return withOutput(l10n.t('The daemon was started but did not answer within {0} seconds.', fault.limitMs / 1000), fault.output);
    case 'locked-out':
      return withOutput(l10n.t('No daemon answered within {0} seconds: another one has the project, and is still starting or stopping.', fault.limitMs / 1000), fault.output);
    case 'stop-timeout':
      return l10n.t('The daemon (pid {0}) is still stopping; its log tells what it waits for.', String(fault.pid));
    case 'request-too-large':
      return l10n.t('That is more than 1 MiB, which is all that a message may have. Large inputs go into a file.');
    case 'lost':
      return l10n.t('The daemon went away before it answered {0}.', fault.method);
    case 'broken':
      return l10n.t('The connection to the daemon broke during {0}: {1}', fault.method, fault.problem);
  }
}

/** Why the two can't work together, and what would fix it. */
export function incompatibleText(version: string, behind: 'daemon' | 'client'): string {
  return behind === 'daemon'
    ? l10n.t("The project's daemon has version {0}, which is too old for this extension. Restart it.", version)
    : l10n.t("The project's daemon has version {0}, which is newer than this extension knows. Update the extension.", version);
}

function withOutput(text: string, output: string): string {
  return output === '' ? text : `${text}\n${output}`;
}

function endText(end: DaemonEnd): string {
  switch (end.kind) {
    case 'code':
      return l10n.t('The daemon could not be started: it exited with code {0}.', end.code);
    case 'signal':
      return l10n.t('The daemon could not be started: it was ended by {0}.', end.signal);
    case 'not-spawned':
      return l10n.t('The daemon could not be started: {0}', end.problem);
  }
}

function stateFolderText(problem: StateFolderProblem): string {
  switch (problem.code) {
    case 'linked-folder':
      return l10n.t('{0} is a link, and state is kept in no folder that a link leads to. Put a folder in its place.', problem.path);
    case 'not-a-folder':
      return l10n.t('{0} is not a folder. Move what is there away.', problem.path);
    case 'other-user':
      return l10n.t('{0} belongs to another user.', problem.path);
    case 'link':
    case 'not-a-file':
      return l10n.t('{0} is neither a file nor a folder of its own. Sluice puts nothing like it there, and opens nothing next to it. Find out where it comes from, and remove it.', problem.path);
  }
}

function discoveryProblemText(problem: DiscoveryProblem): string {
  switch (problem.code) {
    case 'unreadable':
      return l10n.t('It can not be read ({0}).', problem.errno);
    case 'not-a-file':
      return l10n.t('It is not a file.');
    case 'other-user':
      return l10n.t('It belongs to another user.');
    case 'too-large':
      return l10n.t('It is too large.');
    case 'open-to-others':
      return l10n.t('Others can read it, and it holds the key to the daemon. Make it readable for yourself alone, and restart the daemon.');
    case 'invalid':
      return l10n.t('Its content is not valid.');
    case 'unproven':
      return l10n.t('It was not written by a daemon that you have started in this folder.');
  }
}
