import path from 'node:path';
import type { ClientFault, DaemonEnd } from '../../client/client-error.ts';
import { ClientError } from '../../client/client-error.ts';
import { stateFolderOf } from '../../client/state-folder.ts';
import type { DiscoveryProblem } from '../../schemas/protocol/discovery.ts';
import { messageOfError } from '../../schemas/protocol/error.ts';
import { stateFolderText } from '../state/state-folder.ts';
import { formatBytes } from './render/format.ts';

/** What any error says to a person. */
export function messageOf(error: unknown): string {
  if (error instanceof ClientError) return clientFaultText(error.fault);
  return messageOfError(error);
}

/** What a client met that no daemon has said. */
export function clientFaultText(fault: ClientFault): string {
  switch (fault.kind) {
    case 'no-project':
      return `There is no project in ${fault.folder}: it has no .sluice folder.`;
    case 'folder-gone':
      return `There is no folder ${fault.folder}: it was deleted, renamed or moved.`;
    case 'untrusted':
    case 'not-running':
    case 'disposed':
      return 'The daemon is not running.';
    case 'silent':
      return `The project's daemon (pid ${fault.pid}) doesn't answer. If it doesn't recover, end it with \`kill ${fault.pid}\`; what it has accepted is kept.`;
    case 'busy':
      return `The project's daemon (pid ${fault.pid}) accepts no further connection: it is stopping, or too many programs are connected to it. Try again later, or close some of them.`;
    case 'unusable': {
      const who = fault.holder === undefined ? 'A daemon' : `A daemon (pid ${fault.holder})`;
      return `${who} has the project, but can't be reached by ${fault.file}: ${discoveryProblemText(fault.problem)}.`;
    }
    case 'incompatible':
      return fault.behind === 'daemon'
        ? `The project's daemon has version ${fault.version}, which is too old for this command: run \`sluice restart\`.`
        : `The project's daemon has version ${fault.version}, which is newer than this command knows: update it.`;
    case 'bad-document':
      if (fault.problem !== undefined) return `${fault.file} ${fault.problem}. Correct it, or delete it.`;
      return `${fault.file} is not a valid list of filters: \`{"version": 1, "filters": [{"name": "refused", "where": "error.status == 422"}]}\` is one. Correct it, or delete it.`;
    case 'state-folder':
      return stateFolderText(fault.problem);
    case 'state-folder-unwritable':
      return `${fault.folder} can't be written: ${fault.problem}`;
    case 'start-refused':
      return fault.refusal === 'foreign'
        ? fault.output
        : `No daemon of yours has run in ${fault.folder} yet, and looking starts none. \`sluice up\` starts it; it then runs what the project's files say, with your secrets.`;
    case 'start-failed':
      return `The daemon could not be started: it ${endText(fault.end)}. ${outputText(fault)}`;
    case 'start-timeout':
      return `The daemon was started but did not answer within ${fault.limitMs / 1000} s. ${outputText(fault)}`;
    case 'locked-out':
      return `No daemon answered within ${fault.limitMs / 1000} s: another one has the project, and is still starting or stopping. \`sluice logs\` shows what it does. ${fault.output}`.trim();
    case 'stop-timeout':
      return `The daemon (pid ${fault.pid}) is still stopping after ${fault.limitMs / 1000} s. \`sluice logs\` tells what it waits for.`;
    case 'request-too-large':
      return `That is ${formatBytes(fault.bytes)}; a message may have ${formatBytes(fault.maxBytes)}. Large inputs go into a file: \`-i name=@file\`.`;
    case 'lost':
      return `The daemon went away before it answered ${fault.method}.`;
    case 'broken':
      return `The connection to the daemon broke during ${fault.method}: ${fault.problem}`;
  }
}

function outputText({ folder, output }: { readonly folder: string; readonly output: string }): string {
  return output === '' ? `Its log is in ${path.join(stateFolderOf(folder), 'daemon.log')}.` : `It wrote:\n${output}`;
}

function endText(end: DaemonEnd): string {
  switch (end.kind) {
    case 'code':
      return `exited with code ${end.code}`;
    case 'signal':
      return `was ended by ${end.signal}`;
    case 'not-spawned':
      return `can't be run (${end.problem})`;
  }
}

function discoveryProblemText(problem: DiscoveryProblem): string {
  switch (problem.code) {
    case 'unreadable':
      return `it can't be read (${problem.errno})`;
    case 'not-a-file':
      return 'it is not a file';
    case 'other-user':
      return 'it belongs to another user';
    case 'too-large':
      return 'it is too large';
    case 'open-to-others':
      return `others can read it (mode ${problem.mode.toString(8)}), and it holds the key to the daemon: run \`chmod 600\` on it, and restart the daemon for a new one`;
    case 'invalid':
      return problem.part === 'json' ? 'it is not valid JSON, or only half written' : `its \`${problem.part}\` is not valid`;
    case 'unproven':
      return "it wasn't written by a daemon that this user has started in this folder";
  }
}
