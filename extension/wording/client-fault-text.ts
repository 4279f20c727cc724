import { ClientError, type ClientFault, type DaemonEnd } from '../../client/client-error.ts';
import type { DiscoveryProblem } from '../../schemas/protocol/discovery.ts';
import { CodedError, messageOfError } from '../../schemas/protocol/error.ts';
import type { StateFolderProblem } from '../../schemas/protocol/state-folder.ts';
import { say, textOf } from './language.ts';

/** What the client of a daemon met that no daemon has said, in whole sentences. */
export function clientFaultText(fault: ClientFault): string {
  switch (fault.kind) {
    case 'no-project':
      return say('This folder is no Sluice project yet: it has no .sluice folder.');
    case 'folder-gone':
      return say('The folder {folder} is gone: it was deleted, renamed or moved.', { folder: fault.folder });
    case 'untrusted':
      return say('The daemon is not started in Restricted Mode. Trust the workspace to run workflows.');
    case 'not-running':
      return say("The project's daemon is not running.");
    case 'disposed':
      return say('The folder was closed.');
    case 'silent':
      return say("The project's daemon (pid {pid}) does not answer just now. The log has more.", { pid: String(fault.pid) });
    case 'busy':
      return say("The project's daemon (pid {pid}) accepts no further connection: it is stopping, or too many programs are connected to it.", { pid: String(fault.pid) });
    case 'unusable':
      return say('A daemon has the project, but {file} can not be used to reach it. {problem}', { file: fault.file, problem: discoveryProblemText(fault.problem) });
    case 'incompatible':
      return incompatibleText(fault.version, fault.behind);
    case 'bad-document':
      if (fault.problem !== undefined) return say('{file} {problem}. Correct it, or delete it.', { file: fault.file, problem: fault.problem });
      return say('{file} is not valid. Correct it, or delete it.', { file: fault.file });
    case 'state-folder':
      return stateFolderText(fault.problem);
    case 'state-folder-unwritable':
      return say('The folder {folder} can not be written: {problem}', { folder: fault.folder, problem: fault.problem });
    case 'start-refused':
      return fault.output === '' ? say('No daemon of yours has run in this folder yet.') : fault.output;
    case 'start-failed':
      return withOutput(endText(fault.end), fault.output);
    case 'start-timeout':
      return withOutput(say('The daemon was started but did not answer within {seconds} seconds.', { seconds: fault.limitMs / 1000 }), fault.output);
    case 'locked-out':
      return withOutput(say('No daemon answered within {seconds} seconds: another one has the project, and is still starting or stopping.', { seconds: fault.limitMs / 1000 }), fault.output);
    case 'stop-timeout':
      return say('The daemon (pid {pid}) is still stopping; its log tells what it waits for.', { pid: String(fault.pid) });
    case 'request-too-large':
      return say('That is more than 1 MiB, which is all that a message may have. Large inputs go into a file.');
    case 'lost':
      return say('The daemon went away before it answered {method}.', { method: fault.method });
    case 'broken':
      return say('The connection to the daemon broke during {method}: {problem}', { method: fault.method, problem: fault.problem });
  }
}

/** Why the two can't work together, and what would fix it. */
export function incompatibleText(version: string, behind: 'daemon' | 'client'): string {
  return behind === 'daemon'
    ? say("The project's daemon has version {version}, which is too old for this extension. Restart it.", { version })
    : say("The project's daemon has version {version}, which is newer than this extension knows. Update the extension.", { version });
}

function withOutput(text: string, output: string): string {
  return output === '' ? text : `${text}\n${output}`;
}

function endText(end: DaemonEnd): string {
  switch (end.kind) {
    case 'code':
      return say('The daemon could not be started: it exited with code {code}.', { code: end.code });
    case 'signal':
      return say('The daemon could not be started: it was ended by {signal}.', { signal: end.signal });
    case 'not-spawned':
      return say('The daemon could not be started: {problem}', { problem: end.problem });
  }
}

function stateFolderText(problem: StateFolderProblem): string {
  switch (problem.code) {
    case 'linked-folder':
      return say('{path} is a link, and state is kept in no folder that a link leads to. Put a folder in its place.', { path: problem.path });
    case 'not-a-folder':
      return say('{path} is not a folder. Move what is there away.', { path: problem.path });
    case 'other-user':
      return say('{path} belongs to another user.', { path: problem.path });
    case 'link':
    case 'not-a-file':
      return say('{path} is neither a file nor a folder of its own. Sluice puts nothing like it there, and opens nothing next to it. Find out where it comes from, and remove it.', { path: problem.path });
  }
}

function discoveryProblemText(problem: DiscoveryProblem): string {
  switch (problem.code) {
    case 'unreadable':
      return say('It can not be read ({errno}).', { errno: problem.errno });
    case 'not-a-file':
      return say('It is not a file.');
    case 'other-user':
      return say('It belongs to another user.');
    case 'too-large':
      return say('It is too large.');
    case 'open-to-others':
      return say('Others can read it, and it holds the key to the daemon. Make it readable for yourself alone, and restart the daemon.');
    case 'invalid':
      return say('Its content is not valid.');
    case 'unproven':
      return say('It was not written by a daemon that you have started in this folder.');
  }
}

/** What any error says to a person. */
export function messageOf(error: unknown): string {
  if (error instanceof ClientError) return clientFaultText(error.fault);
  return error instanceof CodedError ? textOf(error.told) : messageOfError(error);
}

/** For VS Code itself, which shows the message of an error as it is. */
export async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof CodedError ? new Error(messageOf(error), { cause: error }) : error;
  }
}
