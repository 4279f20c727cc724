import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../schemas/protocol/error.ts';
import type { LaunchDaemon, StartConsent } from './daemon-launch.ts';
import { shakeHands, type Handshake } from './handshake.ts';

/** From the start to the first answer. A store after a crash may have to be checked first. */
const startLimitMs = 30_000;
/** How soon a start is tried again that found the project's lock taken. */
const relaunchMs = 1_000;
const lookEveryMs = 50;

/**
 * Starts the project's daemon and waits until it answers. Where another window does the same, the project's lock lets one
 * live, and both get to it.
 *
 * @throws CodedError `unreachable`, with what the daemon wrote; `foreign-state` where it must not be started on that word
 */
export async function startDaemon(projectFolder: string, launch: LaunchDaemon, consent: StartConsent): Promise<Extract<Handshake, { kind: 'done' }>> {
  let launched = await launch(projectFolder, consent);
  let launchedMs = performance.now();
  const deadlineMs = launchedMs + startLimitMs;
  while (performance.now() < deadlineMs) {
    const answer = await shakeHands(projectFolder);
    if (answer.kind === 'done') {
      if (answer.status.pid === launched.pid) {
        await launched.keepLog();
      } else {
        await launched.giveWay();
        await launched.dropLog();
      }
      return answer;
    }
    if (launched.ended() !== undefined) {
      if (!launched.wasLockedOut()) break;
      // Whoever has the lock may be a daemon that starts elsewhere, or one that stops just now: then this one is needed after all.
      if (performance.now() - launchedMs > relaunchMs) {
        await launched.dropLog();
        launched = await launch(projectFolder, consent);
        launchedMs = performance.now();
      }
    }
    await delay(lookEveryMs);
  }
  const words = await launched.lastWords();
  const end = launched.ended();
  await (end === undefined ? launched.keepLog() : launched.dropLog());
  const refused = launched.refused();
  if (refused !== undefined) throw new CodedError('foreign-state', words.replace(/^sluice: /, ''), { kind: refused });
  const what =
    end === undefined
      ? l10n.t('The daemon was started but did not answer within {0} seconds.', startLimitMs / 1000)
      : l10n.t('The daemon could not be started: it {0}.', end);
  throw new CodedError('unreachable', words === '' ? what : `${what}\n${words}`);
}
