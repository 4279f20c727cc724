import type { Changed, SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';
import { topicChange, type TopicEntries } from './topic.ts';

/** The client at the other end. */
export interface SubscriptionOutlet {
  /** It reads more slowly than it is written to, and must be spared until that is over. */
  readonly isSlow: boolean;
  send(changed: Changed): void;
}

/** Lines of the log that wait for one client, at most; older ones then give way. */
const maxLines = 1_000;
const maxLineChars = 256 * 1024;

/**
 * What one client was told about one topic. For a slow client nothing piles up: it isn't sent anything, and what it is
 * told next is the difference to what it was told last.
 */
export class Subscription {
  readonly id: number;
  readonly params: SubscribeParams;
  readonly #outlet: SubscriptionOutlet;
  #number = 0;
  /** Undefined until the snapshot is on its way. */
  #told: ReadonlyMap<string, string> | undefined;
  #lines: string[] = [];
  #lineChars = 0;
  #linesLost = 0;

  constructor(id: number, params: SubscribeParams, outlet: SubscriptionOutlet) {
    this.id = id;
    this.params = params;
    this.#outlet = outlet;
  }

  get isOpen(): boolean {
    return this.#told !== undefined;
  }

  /** The client gets this as the answer to `subscribe`. */
  begin(entries: TopicEntries): void {
    this.#told = entries.texts;
    // A line that came while the snapshot was made is in it, or it isn't.
    const last = entries.state.lines?.at(-1);
    const known = last === undefined ? -1 : this.#lines.lastIndexOf(last);
    this.#lineChars -= this.#lines.splice(0, known + 1).reduce((sum, line) => sum + line.length, 0);
  }

  /** The state of the topic now. */
  offer(entries: TopicEntries): void {
    if (this.#told === undefined || this.#outlet.isSlow) return;
    const difference = topicChange(this.params.topic, this.#told, entries);
    this.#told = entries.texts;
    if (difference !== undefined) this.#send(difference.change, difference.removed);
  }

  addLine(line: string): void {
    this.#lines.push(line);
    this.#lineChars += line.length;
    while (this.#lines.length > maxLines || this.#lineChars > maxLineChars) {
      this.#lineChars -= this.#lines.shift()?.length ?? 0;
      this.#linesLost++;
    }
  }

  sendLines(now: number): void {
    if (this.#told === undefined || this.#outlet.isSlow || this.#lines.length + this.#linesLost === 0) return;
    const notice = { level: 40, time: now, msg: `${this.#linesLost} lines were left out here: there were more than a client is sent` };
    const lines = this.#linesLost === 0 ? this.#lines : [JSON.stringify(notice), ...this.#lines];
    this.#lines = [];
    this.#lineChars = 0;
    this.#linesLost = 0;
    this.#send({ lines }, []);
  }

  #send(change: TopicState, removed: readonly string[]): void {
    this.#number++;
    this.#outlet.send({ id: this.id, number: this.#number, change, ...(removed.length === 0 ? {} : { removed: [...removed] }) });
  }
}
