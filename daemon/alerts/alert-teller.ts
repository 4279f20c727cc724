import type { AlertFacts } from '../../schemas/protocol/alert.ts';
import { messageOfError } from '../../schemas/protocol/error.ts';
import type { AlertReceiver } from '../../schemas/workflow/alert-receiver.ts';
import { type Notice, planNotice, type ReceiverBook, type StandingAlert } from '../core/alert-notice.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { beginAttempt, deliveryDueAt, recoverAttempt, settleAttempt } from '../core/notice-delivery.ts';
import type { Log } from '../log/daemon-log.ts';
import { failPoint } from '../platform/fail-point.ts';
import { Listeners } from '../platform/listeners.ts';
import type { Store } from '../store/store.ts';
import { AlertBooks, type Mute, StaleBookError } from './alert-books.ts';
import { type AlertOrigin, type AlertLetter, letterOf } from './alert-letter.ts';
import type { SentLetter } from './letter-sender.ts';
import { receiverId, receiverName } from './receiver-identity.ts';

/** Deliveries at the same time. */
const concurrency = 2;
/** When it is tried again if the store can't be written, in milliseconds. */
const afterFailureMs = 10_000;
/** The longest timer, in milliseconds. */
const longestWaitMs = 60_000;
/** How long a stop waits for what is being sent, in milliseconds. */
const graceMs = 5_000;

export interface AlertTellerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'isShared' | 'listAlertBooks' | 'keepAlertBook'>;
  readonly origin: AlertOrigin;
  /** As the files say now. */
  readonly receivers: () => readonly AlertReceiver[];
  /** What is raised; undefined if this daemon doesn't know, because another one leads. */
  readonly raised: () => readonly AlertFacts[] | undefined;
  readonly leads: () => boolean;
  readonly send: (target: AlertReceiver['target'], letter: AlertLetter, about: { readonly id: string; readonly madeAt: number; readonly signal: AbortSignal }) => Promise<SentLetter>;
  /** For a notice; unlike any other. */
  readonly newId: () => string;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** A store that can't be written is told by its own. */
  readonly onStoreError: (error: unknown) => void;
}

/**
 * Tells people of alerts. What each receiver is to be told is a difference between how things stand and what it knows (`core/alert-notice.ts`); notices wait in the store, and are
 * delivered with waits of their own, outside of every queue. One daemon does it: that which leads; two that both take themselves for it can't write the same book.
 */
export class AlertTeller {
  readonly #options: AlertTellerOptions;
  readonly #books: AlertBooks;
  /** Since when there is something to tell, by receiver. */
  readonly #waiting = new Map<string, number>();
  /** What is being sent, by receiver. */
  readonly #sending = new Map<string, Promise<void>>();
  /** How attempts have ended that the store doesn't know yet. */
  readonly #ended = new Map<string, { readonly id: string; readonly sent: SentLetter; readonly at: number }>();
  readonly #listeners = new Listeners();
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #isStarted = false;
  /** The books are as this daemon has read and written them, and nobody else writes them. */
  #isCurrent = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AlertTellerOptions) {
    this.#options = options;
    this.#books = new AlertBooks(options.store);
  }

  /** Calls back when something was told, or could not be. Returns what ends it. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Call it once the store is open. Never rejects. */
  async start(): Promise<void> {
    if (this.#isStarted) return;
    this.#isStarted = true;
    await this.look();
  }

  /** What is being sent has a few seconds to end. */
  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#timer?.cancel();
    const grace = this.#options.clock.setTimer(graceMs, () => this.#stopping.abort(new Error('the daemon stops')));
    await Promise.all(this.#sending.values());
    grace.cancel();
    await this.#inTurn(() => this.#settleAll()).catch((error: unknown) => this.#options.onStoreError(error));
  }

  /** Alerts, files, or whether this daemon leads may have changed. Never rejects. */
  async look(): Promise<void> {
    try {
      await this.#inTurn(() => this.#turn());
    } catch (error) {
      this.#isCurrent = false;
      if (!(error instanceof StaleBookError)) this.#options.onStoreError(error);
      this.#arm(this.#options.clock.now() + (error instanceof StaleBookError ? 0 : afterFailureMs));
    }
  }

  /** What each receiver was told, and what is on its way to it. Rejects where the store can't be read. */
  async standing(): Promise<readonly { readonly receiver: AlertReceiver; readonly book: ReceiverBook<AlertFacts> }[]> {
    await this.#inTurn(() => this.#refresh());
    return this.#options.receivers().map((receiver) => ({ receiver, book: this.#books.of(receiverId(receiver.target)) }));
  }

  /** Rejects where the store can't be read. */
  async mutes(): Promise<readonly Mute[]> {
    await this.#inTurn(() => this.#refresh());
    return this.#books.mutes(this.#options.clock.now());
  }

  /** Nothing of a queue is told until then; `forever`: until somebody lifts it; `undefined`: it is lifted. Rejects where the store can't be written. */
  async mute(queue: string, until: number | 'forever' | undefined): Promise<void> {
    await this.#inTurn(async () => {
      const now = this.#options.clock.now();
      await this.#books.read();
      const others = this.#books.mutes(now).filter((mute) => mute.queue !== queue);
      await this.#books.keepMutes(until === undefined ? others : [...others, { queue, since: now, ...(until === 'forever' ? {} : { until }) }]);
    });
    this.#listeners.tell();
    await this.look();
  }

  /** One after the other. */
  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #refresh(): Promise<void> {
    if (this.#isCurrent && !this.#options.store.isShared) return;
    await this.#books.read();
  }

  async #turn(): Promise<void> {
    const { clock, store, leads, raised, receivers, newId } = this.#options;
    const alerts = raised();
    this.#timer?.cancel();
    if (!this.#isStarted || !leads() || alerts === undefined) return;
    const isFirst = !this.#isCurrent;
    await this.#refresh();
    this.#isCurrent = true;
    await this.#settleAll();
    const now = clock.now();
    const declared = new Map(receivers().map((receiver) => [receiverId(receiver.target), receiver]));
    for (const id of this.#books.names) {
      if (this.#sending.has(id)) continue;
      if (!declared.has(id)) await this.#books.keep(id, undefined);
      // Whoever had the store before has ended.
      else if (isFirst && !store.isShared) await this.#keep(id, recoverAttempt(this.#books.of(id), now));
    }
    const mutes = this.#books.mutes(now);
    const standing = alerts.map(standingAlert);
    let nextAt = Math.min(Infinity, ...mutes.map(({ until }) => until ?? Infinity));
    for (const [id, receiver] of declared) {
      const plan = planNotice(this.#books.of(id), receiver, { now, standing, isMuted: (queue) => mutes.some((mute) => mute.queue === queue), waitingSince: this.#waiting.get(id), newId });
      if (plan.waitingSince === undefined) this.#waiting.delete(id);
      else this.#waiting.set(id, plan.waitingSince);
      if (plan.book !== undefined) await this.#keep(id, plan.book);
      nextAt = Math.min(nextAt, plan.lookAt ?? Infinity, await this.#deliverIfDue(id, receiver, now));
    }
    if (nextAt < Infinity) this.#arm(nextAt);
  }

  /** Resolves to when it is due, in wall time; what is under way leads to another look when it ends. */
  async #deliverIfDue(id: string, receiver: AlertReceiver, now: number): Promise<number> {
    const { outgoing } = this.#books.of(id);
    const dueAt = deliveryDueAt(this.#books.of(id), now);
    if (outgoing === undefined || dueAt === undefined || this.#sending.has(id) || this.#sending.size >= concurrency) return Infinity;
    if (dueAt > now) return dueAt;
    // On disk before anything is sent.
    await this.#keep(id, beginAttempt(this.#books.of(id), now));
    const sending = this.#send(id, receiver, outgoing).finally(() => {
      this.#sending.delete(id);
      void this.look();
    });
    this.#sending.set(id, sending);
    return Infinity;
  }

  /** Never rejects. */
  async #send(id: string, { target }: AlertReceiver, notice: Notice<AlertFacts>): Promise<void> {
    const { clock, origin, send, log } = this.#options;
    const details = { receiver: receiverName(target), notice: notice.id, alerts: notice.count };
    let sent: SentLetter;
    try {
      sent = await send(target, letterOf(notice, origin, clock.now()), { id: notice.id, madeAt: notice.madeAt, signal: this.#stopping.signal });
    } catch (error) {
      log.error({ err: error, ...details }, 'alerts could not be told');
      sent = { ok: false, problem: messageOfError(error) };
    }
    failPoint('alert-sent');
    this.#ended.set(id, { id: notice.id, sent, at: clock.now() });
    if (sent.ok) log.info({ ...details, answered: sent.answered, ...(notice.attempts === 0 ? {} : { attempts: notice.attempts + 1 }) }, 'alerts were told');
    else if (notice.failure === undefined) log.warn({ ...details, problem: sent.problem }, 'alerts could not be told; it is tried again');
  }

  /** Writes what came of attempts. */
  async #settleAll(): Promise<void> {
    for (const [receiver, { id, sent, at }] of this.#ended) {
      const book = settleAttempt(this.#books.of(receiver), id, at, sent);
      await this.#keep(receiver, book);
      this.#ended.delete(receiver);
      const past = book.past.find((one) => one.id === id);
      if (past?.problem !== undefined) this.#options.log.error({ notice: id, problem: past.problem }, 'alerts could not be told for a day, and are given up');
      this.#listeners.tell();
    }
  }

  async #keep(receiver: string, book: ReceiverBook<AlertFacts>): Promise<void> {
    if (book !== this.#books.of(receiver)) await this.#books.keep(receiver, book);
  }

  #arm(at: number): void {
    if (!this.#isStarted) return;
    this.#timer?.cancel();
    const { clock } = this.#options;
    const waitMs = Math.max(0, at - clock.now());
    this.#timer = waitMs > longestWaitMs ? clock.setTimer(longestWaitMs, () => this.#arm(at)) : clock.setTimer(waitMs, () => void this.look());
  }
}

function standingAlert(facts: AlertFacts): StandingAlert<AlertFacts> {
  return { key: `${facts.kind} ${facts.queue}`, queue: facts.queue, severity: facts.severity, since: Date.parse(facts.since), facts };
}
