import { commands } from '../base/ids.ts';
import type { Target } from '../base/target.ts';
import { alertText } from '../wording/queue.ts';
import { say } from '../wording/language.ts';
import type { Crossing } from './alert-crossings.ts';

export interface NoticeAction {
  readonly title: string;
  readonly command: string;
  readonly target?: Target;
}

export interface AlertNotice {
  readonly severity: 'warning' | 'error';
  readonly message: string;
  readonly actions: readonly NoticeAction[];
}

/** One message for all thresholds that were crossed at the same time; undefined for none. */
export function alertNotice(crossings: readonly Crossing[], nowMs: number): AlertNotice | undefined {
  const [first] = crossings;
  if (first === undefined) return undefined;
  const severity = crossings.some(({ alert }) => alert.severity === 'error') ? 'error' : 'warning';
  const { folder, queue, alert } = first;
  const target = { folder, queue };
  const show = { title: say('Show Queue'), command: commands.showQueue, target };
  const isOneQueue = crossings.every((one) => one.folder === folder && one.queue === queue);
  if (!isOneQueue) {
    const queues = [...new Set(crossings.map((one) => one.queue))];
    return { severity, message: say('{count, plural, one {# queue needs a look: {list}.} other {# queues need a look: {list}.}}', { count: queues.length, list: queues.join(', ') }), actions: [{ title: say('Show Queues'), command: commands.showQueue }] };
  }
  const message = crossings.map((one) => alertText(queue, one.alert, nowMs)).join(' ');
  const mute = { title: say('Mute Queue'), command: commands.muteAlerts, target };
  return { severity, message, actions: [show, actionFor(alert.kind, target), mute] };
}

/** What most often helps. Pausing doesn't help a queue that is too full: it holds back what would empty it. */
function actionFor(kind: Crossing['alert']['kind'], target: Target): NoticeAction {
  switch (kind) {
    case 'dead-letters':
      return { title: say('Replay…'), command: commands.replayGroup, target };
    case 'failure-rate':
      return { title: say('Pause Queue'), command: commands.pauseQueue, target };
    case 'depth':
    case 'oldest':
    case 'filling':
      return { title: say('Set Rate…'), command: commands.setRate, target };
  }
}
