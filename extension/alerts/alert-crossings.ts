import type { AlertSeverity, QueueAlert, QueueView } from '../../schemas/protocol/queue.ts';
import { commands } from '../base/ids.ts';
import type { Target } from '../base/target.ts';
import { alertText } from '../wording/queue.ts';
import { say } from '../wording/language.ts';

/** A threshold that a queue has just crossed. */
export interface Crossing {
  /** Of the project, as a URI. */
  readonly folder: string;
  readonly queue: string;
  readonly alert: QueueAlert;
}

/** Where what was told outlives the window; VS Code's `Memento` has these methods. */
export interface AlertMemory {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

interface Told {
  readonly severity: AlertSeverity;
  readonly since: string;
  /** It was not there when last looked: crossed again, it is news. */
  readonly ended?: true;
}

const rank: Readonly<Record<AlertSeverity, number>> = { warning: 1, error: 2 };

const toldKey = 'alerts.told';
const mutedKey = 'alerts.muted';

/**
 * Tells each crossing once: not again while it lasts, nor after a reload of the window. Queues can be muted. When an alert begins and ends is
 * the daemon's to say, with its hysteresis.
 */
export class AlertCrossings {
  readonly #memory: AlertMemory;
  /** By queue and kind. */
  readonly #told: Map<string, Told>;
  readonly #muted: Set<string>;

  constructor(memory: AlertMemory) {
    this.#memory = memory;
    this.#told = new Map(Object.entries(memory.get<Record<string, Told>>(toldKey) ?? {}));
    this.#muted = new Set(memory.get<string[]>(mutedKey) ?? []);
  }

  /** Those of a project that have not been told; from now on they have been. `queues`: all that the project has. */
  take(folder: string, queues: readonly QueueView[]): readonly Crossing[] {
    const before = JSON.stringify([...this.#told]);
    const crossings: Crossing[] = [];
    const current = new Set<string>();
    for (const { name, alerts } of queues) {
      for (const alert of alerts) {
        const key = `${keyOf(folder, name)} ${alert.kind}`;
        current.add(key);
        const { severity, since } = alert;
        const told = this.#told.get(key);
        // An error that is a warning again is not news.
        const isAgain = told !== undefined && since > told.since && (told.ended === true || severity === told.severity);
        if (told === undefined || rank[severity] > rank[told.severity] || isAgain) {
          this.#told.set(key, { severity, since });
        } else {
          if (told.ended === true) this.#told.set(key, { severity: told.severity, since: told.since });
          continue;
        }
        // What only waits to be over is not news.
        if (alert.endsAt === undefined && !this.isMuted(folder, name)) crossings.push({ folder, queue: name, alert });
      }
    }
    // Kept, because one that is missing for a moment and comes back as it was has not been crossed again.
    for (const [key, told] of this.#told) if (key.startsWith(`${folder} `) && !current.has(key)) this.#told.set(key, { ...told, ended: true });
    if (JSON.stringify([...this.#told]) !== before) void this.#memory.update(toldKey, Object.fromEntries(this.#told));
    return crossings;
  }

  isMuted(folder: string, queue: string): boolean {
    return this.#muted.has(keyOf(folder, queue));
  }

  async mute(folder: string, queue: string, isMuted: boolean): Promise<void> {
    if (isMuted) this.#muted.add(keyOf(folder, queue));
    else this.#muted.delete(keyOf(folder, queue));
    await this.#memory.update(mutedKey, [...this.#muted]);
  }
}

function keyOf(folder: string, queue: string): string {
  return `${folder} ${queue}`;
}

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
    case 'stuck':
      return { title: say('Why?'), command: commands.why, target };
    case 'depth':
    case 'oldest':
    case 'filling':
      return { title: say('Set Rate…'), command: commands.setRate, target };
  }
}
