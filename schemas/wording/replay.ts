import type { ReplayTally } from '../protocol/bulk.ts';
import { message, type Message } from './message.ts';

/** What is told beside the counts themselves. */
export interface TallyTold {
  readonly nowMs: number;
  readonly time: (time: string) => string;
  /** How many of the dead letters were taken back before an attempt, where the tally doesn't say; default 0. */
  readonly takenBack?: number;
}

/** How many of the dead letters of a tally were taken back before an attempt: what it says itself, or else `known`. */
export function takenBackOf({ takenBack }: ReplayTally, known = 0): number {
  return takenBack ?? known;
}

/** `14 succeeded`, `2 dead again`, `44 waiting`, `the last due at 16:42`: what is known and no more, as labels of a list. */
export function tallyMessages(tally: ReplayTally, { nowMs, time, takenBack: known }: TallyTold): readonly Message[] {
  const takenBack = takenBackOf(tally, known);
  const { succeeded, active, retrying, waiting, lastDueAt } = tally;
  const dead = Math.max(0, tally.dead - takenBack);
  const gone = tally.cancelled + tally.discarded;
  const parts: Message[] = [];
  if (succeeded > 0) parts.push(message('{count} succeeded', { count: succeeded }));
  if (dead > 0) parts.push(message('{count} dead again', { count: dead }));
  if (active > 0) parts.push(message('{count} in progress', { count: active }));
  if (retrying > 0) parts.push(message('{count} failed, to be tried again', { count: retrying }));
  if (waiting > 0) parts.push(message('{count} waiting', { count: waiting }));
  if (takenBack > 0) parts.push(message('{count} taken back unsent', { count: takenBack }));
  if (gone > 0) parts.push(message('{count} cancelled or discarded', { count: gone }));
  if (waiting + retrying > 0 && lastDueAt !== undefined && Date.parse(lastDueAt) > nowMs) parts.push(message('the last due at {time}', { time: time(lastDueAt) }));
  return parts.length === 0 ? [message('none of them exists any longer')] : parts;
}

/** Why the newest one failed, as a sentence; undefined if none did. */
export function newestFailureMessage({ dead, retrying, error }: ReplayTally, show: (text: string) => string): Message | undefined {
  return dead + retrying === 0 || error === undefined ? undefined : message('The newest failure: {failure}', { failure: show(error.message) });
}

/** How many went back to their queues, and how many of these with an edited payload. */
export function replayedMessage(count: number, edited: number): Message {
  if (edited === 0) return message('{count, plural, one {# dead letter went back to its queue.} other {# dead letters went back to their queues.}}', { count });
  if (edited < count) {
    return message(
      '{edited, plural, one {{count} dead letters went back to their queues, # of them with its edited payload.} other {{count} dead letters went back to their queues, # of them with their edited payloads.}}',
      { count, edited },
    );
  }
  return message('{count, plural, one {# dead letter went back to its queue with its edited payload.} other {# dead letters went back to their queues, all of them with their edited payloads.}}', { count });
}

/** How many would go back to their queues. */
export function wouldReplayMessage(count: number, edited: number): Message {
  if (edited === 0) return message('{count, plural, one {# dead letter would be replayed.} other {# dead letters would be replayed.}}', { count });
  if (edited < count) {
    return message(
      '{edited, plural, one {{count} dead letters would be replayed, # of them with its edited payload.} other {{count} dead letters would be replayed, # of them with their edited payloads.}}',
      { count, edited },
    );
  }
  return message('{count, plural, one {# dead letter would be replayed with its edited payload.} other {# dead letters would be replayed, all of them with their edited payloads.}}', { count });
}
