import { alertSeverities, type AlertSeverity } from '../../schemas/workflow/alert.ts';
import type { AlertReceiver } from '../../schemas/workflow/alert-receiver.ts';
import { isQuiet, nextMinute } from './quiet-hours.ts';

/** What changes within this time is one notice, in milliseconds: thirty queues fill up together when their receiver goes down. */
export const groupMs = 5_000;
/** The shortest time from one notice of a receiver to the next, in milliseconds. */
export const gapMs = 30_000;
/** Items of one notice; the others are counted. */
export const maxItems = 50;

/** An alert that is raised. `Facts`: what is told of it. Times are wall time. */
export interface StandingAlert<Facts> {
  /** Unique among all that are raised at a time. */
  readonly key: string;
  /** What a person can mute. */
  readonly queue: string;
  readonly severity: AlertSeverity;
  /** Since when it has this severity. */
  readonly since: number;
  readonly facts: Facts;
}

/** What a receiver knows of an alert. */
export interface ToldAlert<Facts> extends StandingAlert<Facts> {
  /** When it began, whatever its severity was then. */
  readonly begunAt: number;
  readonly toldAt: number;
}

/** `worse`, `eased`: another severity. `lasts`: told again, because the receiver has asked for that. */
export type AlertTurn = 'began' | 'worse' | 'eased' | 'lasts' | 'ended';

export interface NoticeItem<Facts> {
  readonly turn: AlertTurn;
  /** As it is now; of one that has ended, as it was told last. */
  readonly severity: AlertSeverity;
  readonly begunAt: number;
  readonly facts: Facts;
}

/** What a receiver is told at one time: the first `maxItems`, and how many there are in all. */
export interface NoticeContent<Facts> {
  readonly items: readonly NoticeItem<Facts>[];
  readonly count: number;
}

/** A notice on its way. */
export interface Notice<Facts> extends NoticeContent<Facts> {
  /** The same in all attempts to deliver it, so that whoever gets it twice can tell. */
  readonly id: string;
  readonly madeAt: number;
  /** Attempts that have begun. */
  readonly attempts: number;
  /** When the next one may begin; of one that is under way, when another may if nobody says what came of it. */
  readonly dueAt: number;
  /** Why it isn't delivered yet, and since when. */
  readonly failure?: { readonly problem: string; readonly since: number };
}

/** A notice that was delivered, or given up. */
export interface PastNotice<Facts> extends NoticeContent<Facts> {
  readonly id: string;
  readonly madeAt: number;
  readonly endedAt: number;
  readonly attempts: number;
  /** Undefined: it was delivered. */
  readonly problem?: string;
}

/**
 * What is kept of a receiver, in the store. A notice and what is known to be told by it are written together, so a crash loses neither, and nothing is told twice. There is one
 * notice on its way at most: whatever happens meanwhile is in the next one, which is made when this one has arrived. So a receiver that is away for a night is not told the whole of it.
 */
export interface ReceiverBook<Facts> {
  readonly told: readonly ToldAlert<Facts>[];
  readonly outgoing?: Notice<Facts>;
  readonly lastMadeAt?: number;
  /** The newest first. */
  readonly past: readonly PastNotice<Facts>[];
}

export const emptyBook: ReceiverBook<never> = { told: [], past: [] };

export interface NoticeLook<Facts> {
  readonly now: number;
  readonly standing: readonly StandingAlert<Facts>[];
  readonly isMuted: (queue: string) => boolean;
  /** Since when there has been something to tell, as `NoticePlan` has said; undefined: there was nothing. */
  readonly waitingSince: number | undefined;
  /** For a notice that is made now. */
  readonly newId: () => string;
}

export interface NoticePlan<Facts> {
  /** With a new notice in it; undefined if there is nothing to write. */
  readonly book?: ReceiverBook<Facts>;
  readonly waitingSince?: number;
  /** When to look again though nothing changes, in wall time; undefined: never. */
  readonly lookAt?: number;
}

/**
 * What a receiver is to be told now: the difference between what is raised and what it knows. It depends on how things stand, and not on how they came to that, so that nothing is
 * lost or told twice whatever restarts in between, and an alert that has come and gone in quiet hours is never told.
 */
export function planNotice<Facts>(book: ReceiverBook<Facts>, { from, repeatMs, quietHours }: Pick<AlertReceiver, 'from' | 'repeatMs' | 'quietHours'>, look: NoticeLook<Facts>): NoticePlan<Facts> {
  const { now, isMuted, waitingSince = now, newId } = look;
  const meant = new Map(look.standing.filter(({ severity }) => rankOf(severity) >= rankOf(from)).map((alert) => [alert.key, alert]));
  const known = new Map(book.told.map((told) => [told.key, told]));
  const news = newsOf(meant, known).filter(({ alert }) => !isMuted(alert.queue));
  const lasting = repeatMs === undefined ? [] : book.told.filter(({ key, queue }) => meant.has(key) && !isMuted(queue) && !news.some(({ alert }) => alert.key === key));
  const dueAgain = repeatMs === undefined ? [] : lasting.filter(({ toldAt }) => elapsed(toldAt, now) >= repeatMs);
  const repeatAt = repeatMs === undefined || lasting.length === 0 ? Infinity : Math.min(...lasting.map(({ toldAt }) => Math.min(toldAt, now) + repeatMs));
  if (news.length + dueAgain.length === 0) return Number.isFinite(repeatAt) ? { lookAt: repeatAt } : {};
  // It will be there when this one has arrived.
  if (book.outgoing !== undefined) return { waitingSince };
  if (quietHours !== undefined && isQuiet(quietHours, now)) return { waitingSince, lookAt: nextMinute(now) };
  const since = Math.min(waitingSince, now);
  const ripeAt = Math.max(since + groupMs, book.lastMadeAt === undefined || book.lastMadeAt > now ? 0 : book.lastMadeAt + gapMs);
  if (now < ripeAt) return { waitingSince: since, lookAt: ripeAt };

  const items = [...news.map((one) => itemOf(one, known)), ...dueAgain.map((told): NoticeItem<Facts> => ({ turn: 'lasts', severity: told.severity, begunAt: told.begunAt, facts: meant.get(told.key)?.facts ?? told.facts }))];
  const sorted = items.toSorted((one, other) => weightOf(other) - weightOf(one));
  const again = new Set(dueAgain.map(({ key }) => key));
  const changed = new Set(news.map(({ alert }) => alert.key));
  const kept = book.told.flatMap((told) => (changed.has(told.key) ? [] : [again.has(told.key) ? { ...told, facts: meant.get(told.key)?.facts ?? told.facts, toldAt: now } : told]));
  const added = news.flatMap(({ turn, alert }) => (turn === 'ended' ? [] : [{ ...alert, begunAt: begunAtOf(turn, alert, known), toldAt: now }]));
  const outgoing: Notice<Facts> = { id: newId(), madeAt: now, items: sorted.slice(0, maxItems), count: sorted.length, attempts: 0, dueAt: now };
  return { book: { ...book, told: [...kept, ...added], outgoing, lastMadeAt: now } };
}

interface News<Facts> {
  readonly turn: AlertTurn;
  readonly alert: StandingAlert<Facts>;
}

function newsOf<Facts>(meant: ReadonlyMap<string, StandingAlert<Facts>>, known: ReadonlyMap<string, ToldAlert<Facts>>): readonly News<Facts>[] {
  const turns = [...meant.values()].flatMap((alert): News<Facts>[] => {
    const told = known.get(alert.key);
    if (told === undefined) return [{ turn: 'began', alert }];
    const by = rankOf(alert.severity) - rankOf(told.severity);
    // The same severity since another time: it has ended and come again, and nobody was told.
    if (by === 0) return alert.since === told.since ? [] : [{ turn: 'began', alert }];
    return [{ turn: by > 0 ? 'worse' : 'eased', alert }];
  });
  const ended = [...known.values()].filter(({ key }) => !meant.has(key)).map((alert): News<Facts> => ({ turn: 'ended', alert }));
  return [...turns, ...ended];
}

function itemOf<Facts>({ turn, alert }: News<Facts>, known: ReadonlyMap<string, ToldAlert<Facts>>): NoticeItem<Facts> {
  return { turn, severity: alert.severity, begunAt: begunAtOf(turn, alert, known), facts: alert.facts };
}

function begunAtOf<Facts>(turn: AlertTurn, { key, since }: StandingAlert<Facts>, known: ReadonlyMap<string, ToldAlert<Facts>>): number {
  return turn === 'began' ? since : (known.get(key)?.begunAt ?? since);
}

/** Errors first, what is over last. */
function weightOf<Facts>({ turn, severity }: NoticeItem<Facts>): number {
  return turn === 'ended' ? -1 : rankOf(severity);
}

function rankOf(severity: AlertSeverity): number {
  return alertSeverities.indexOf(severity);
}

/** Of a time that a wall clock, which was set back since, has put into the future, nobody knows how long ago it was: long enough. */
function elapsed(since: number, now: number): number {
  return since > now ? Infinity : now - since;
}
