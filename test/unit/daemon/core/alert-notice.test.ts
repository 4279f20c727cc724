import assert from 'node:assert/strict';
import fc from 'fast-check';
import { emptyBook, gapMs, groupMs, maxItems, planNotice, type NoticeItem, type NoticePlan, type ReceiverBook, type StandingAlert } from '../../../../daemon/core/alert-notice.ts';
import { attemptMs, beginAttempt, deliveryDueAt, giveUpAfterMs, recoverAttempt, settleAttempt } from '../../../../daemon/core/notice-delivery.ts';
import { isQuiet } from '../../../../daemon/core/quiet-hours.ts';
import type { AlertReceiver, QuietHours } from '../../../../schemas/workflow/alert-receiver.ts';

type Rules = Pick<AlertReceiver, 'from' | 'repeatMs' | 'quietHours'>;
type Standing = StandingAlert<string>;

const minute = 60_000;
const hour = 60 * minute;
/** Midnight, UTC. */
const start = Date.UTC(2026, 10, 29);

function alert(queue: string, severity: Standing['severity'] = 'warning', since = start): Standing {
  return { key: `depth ${queue}`, queue, severity, since, facts: queue };
}

/** One receiver, to whom every notice is delivered as soon as it is made. */
class Told {
  now = start;
  readonly notices: { readonly at: number; readonly items: readonly string[]; readonly id: string }[] = [];
  readonly muted = new Set<string>();
  book: ReceiverBook<string> = emptyBook;
  standing: readonly Standing[] = [];
  readonly #rules: Rules;
  #waitingSince: number | undefined;
  #ids = 0;

  constructor(rules: Rules = { from: 'warning' }) {
    this.#rules = rules;
  }

  /** Looks now, and whenever it was said that something is to come, until `ms` have passed. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (let plan = this.look(); plan.lookAt !== undefined && plan.lookAt <= end; plan = this.look()) {
      assert.ok(plan.lookAt > this.now, 'a look is never asked for again at the same time');
      this.now = plan.lookAt;
    }
    this.now = end;
    return this;
  }

  look(): NoticePlan<string> {
    const plan = planNotice(this.book, this.#rules, { now: this.now, standing: this.standing, isMuted: (queue) => this.muted.has(queue), waitingSince: this.#waitingSince, newId: () => `n${this.#ids++}` });
    this.#waitingSince = plan.waitingSince;
    if (plan.book?.outgoing === undefined) return plan;
    const { id, items } = plan.book.outgoing;
    this.notices.push({ at: this.now, items: items.map(shown), id });
    this.book = settleAttempt(beginAttempt(plan.book, this.now), id, this.now, { ok: true });
    return this.look();
  }

  /** As after a restart: what is in memory is gone. */
  restart(): void {
    this.#waitingSince = undefined;
    this.book = JSON.parse(JSON.stringify(this.book)) as ReceiverBook<string>;
  }

  get texts(): readonly string[] {
    return this.notices.map(({ items }) => items.join(', '));
  }
}

function shown({ turn, severity, facts }: NoticeItem<string>): string {
  return turn === 'ended' ? `ended ${facts}` : `${turn} ${severity} ${facts}`;
}

describe('what a receiver is told of alerts', () => {
  it('is one notice when a threshold is crossed, and one when that is over', () => {
    const told = new Told();
    told.standing = [alert('a', 'error')];
    told.pass(hour);
    told.standing = [];
    told.pass(hour);
    assert.deepEqual(told.texts, ['began error a', 'ended a']);
    assert.equal(told.notices[0]?.at, start + groupMs);
  });

  it('is one notice for thirty queues that cross within seconds', () => {
    const told = new Told();
    for (let queue = 0; queue < 30; queue++) {
      told.standing = [...told.standing, alert(`q${queue}`, queue === 29 ? 'error' : 'warning', told.now)];
      told.pass(100);
    }
    told.pass(minute);
    assert.equal(told.notices.length, 1);
    assert.equal(told.notices[0]?.items.length, 30);
    assert.equal(told.notices[0].items[0], 'began error q29', 'errors first');
  });

  it('comes at most once in half a minute, however often things change', () => {
    const told = new Told();
    for (let queue = 0; queue < 20; queue++) {
      told.standing = [...told.standing, alert(`q${queue}`, 'warning', told.now)];
      told.pass(6_000);
    }
    assert.ok(told.notices.length <= 5, `${told.notices.length} in two minutes`);
    for (const [index, { at }] of told.notices.entries()) assert.ok(index === 0 || at - (told.notices[index - 1]?.at ?? 0) >= gapMs);
    told.pass(minute);
    assert.equal(told.notices.flatMap(({ items }) => items).length, 20, 'nothing is lost');
  });

  it('says when it becomes worse, and when it is less than an error again', () => {
    const told = new Told();
    told.standing = [alert('a')];
    told.pass(hour);
    told.standing = [alert('a', 'error', told.now)];
    told.pass(hour);
    told.standing = [alert('a', 'warning', told.now)];
    told.pass(hour);
    assert.deepEqual(told.texts, ['began warning a', 'worse error a', 'eased warning a']);
    assert.equal(told.book.told[0]?.begunAt, start, 'since when it is an alert at all');
  });

  it('is of the severity that was asked for: a warning is none of its alerts, and an error that eases is over', () => {
    const told = new Told({ from: 'error' });
    told.standing = [alert('a'), alert('b', 'error')];
    told.pass(hour);
    told.standing = [alert('a'), alert('b', 'warning', told.now)];
    told.pass(hour);
    assert.deepEqual(told.texts, ['began error b', 'ended b']);
  });

  it('is nothing of an alert that has come and gone before it could be told', () => {
    const told = new Told();
    told.standing = [alert('a')];
    told.pass(groupMs - 1);
    told.standing = [];
    told.pass(hour);
    assert.deepEqual(told.texts, []);
  });

  it('is repeated while it lasts, if that was asked for, all that are due in one', () => {
    const told = new Told({ from: 'warning', repeatMs: hour });
    told.standing = [alert('a'), alert('b', 'error')];
    told.pass(3 * hour);
    told.standing = [];
    told.pass(2 * hour);
    assert.deepEqual(told.texts, ['began error b, began warning a', 'lasts error b, lasts warning a', 'lasts error b, lasts warning a', 'ended a, ended b']);
  });

  it('is nothing of a muted queue until that ends; what lasts then is told', () => {
    const told = new Told();
    told.muted.add('a');
    told.standing = [alert('a'), alert('b')];
    told.pass(hour);
    assert.deepEqual(told.texts, ['began warning b']);
    told.muted.clear();
    told.pass(minute);
    assert.deepEqual(told.texts, ['began warning b', 'began warning a']);
  });

  it('is nothing in quiet hours; what lasts at their end is told then, and what has ended is not', () => {
    const told = new Told({ from: 'warning', quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'Europe/Berlin' } });
    // 01:00 in Berlin.
    told.standing = [alert('a'), alert('b')];
    told.pass(2 * hour);
    told.standing = [alert('a')];
    told.pass(10 * hour);
    assert.deepEqual(told.texts, ['began warning a']);
    assert.equal(new Date(told.notices[0]?.at ?? 0).toISOString(), '2026-11-29T06:00:00.000Z');
  });

  it('is one that was told before a restart, and no second time', () => {
    const told = new Told({ from: 'warning', repeatMs: hour });
    told.standing = [alert('a')];
    told.pass(minute);
    told.restart();
    told.pass(minute);
    told.standing = [];
    told.restart();
    told.pass(minute);
    assert.deepEqual(told.texts, ['began warning a', 'ended a']);
  });

  it('has so many items, and counts the others', () => {
    const plan = planNotice(emptyBook, { from: 'warning' }, { now: start + groupMs, waitingSince: start, isMuted: () => false, newId: () => 'n', standing: Array.from({ length: 70 }, (_, index) => alert(`q${index}`)) });
    assert.deepEqual([plan.book?.outgoing?.items.length, plan.book?.outgoing?.count, plan.book?.told.length], [maxItems, 70, 70]);
  });

  it('waits no longer than it would, if the wall clock is set back', () => {
    const told = new Told({ from: 'warning', repeatMs: hour });
    told.standing = [alert('a')];
    told.pass(minute);
    told.now -= 300 * 24 * hour;
    told.standing = [alert('a'), alert('b', 'error', told.now)];
    told.pass(minute);
    assert.ok(told.texts.slice(1).join().includes('began error b'), told.texts.join('; '));
  });

  it('agrees with what is raised whenever nothing has changed for a minute, and tells each change once, whatever happens', () => {
    const severity = fc.constantFrom('warning' as const, 'error' as const, undefined);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), queue: fc.constantFrom('a', 'b', 'c'), severity }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3 * minute }) }),
      fc.record({ kind: fc.constant('mute' as const), queue: fc.constantFrom('a', 'b', 'c'), on: fc.boolean() }),
      fc.constant({ kind: 'restart' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom('warning' as const, 'error' as const), (steps, from) => {
        const told = new Told({ from });
        for (const one of steps) {
          if (one.kind === 'pass') told.pass(one.ms);
          else if (one.kind === 'restart') told.restart();
          else if (one.kind === 'mute') {
            if (one.on) told.muted.add(one.queue);
            else told.muted.delete(one.queue);
          }
          else if (told.standing.find(({ queue }) => queue === one.queue)?.severity !== one.severity) {
            told.now++;
            told.standing = [...told.standing.filter(({ queue }) => queue !== one.queue), ...(one.severity === undefined ? [] : [alert(one.queue, one.severity, told.now)])];
          }
        }
        told.muted.clear();
        told.pass(2 * minute);
        const known = new Map<string, string>();
        for (const item of told.notices.flatMap(({ items }) => items)) {
          const [turn = '', ...rest] = item.split(' ');
          const queue = rest.at(-1) ?? '';
          // Nothing ends that wasn't told, and nothing is told twice as it is.
          assert.equal(known.has(queue), turn !== 'began' || known.has(queue), item);
          if (turn === 'worse' || turn === 'eased') assert.notEqual(known.get(queue), rest[0]);
          if (turn === 'ended') assert.ok(known.delete(queue));
          else known.set(queue, rest[0] ?? '');
        }
        const meant = told.standing.filter((one) => from === 'warning' || one.severity === 'error').map((one) => [one.queue, one.severity] as const);
        assert.deepEqual([...known].sort(), [...meant].sort());
      }),
      { numRuns: 300 },
    );
  });
});

describe('the delivery of a notice', () => {
  const made = planNotice(emptyBook as ReceiverBook<string>, { from: 'warning' }, { now: start, waitingSince: start - groupMs, isMuted: () => false, newId: () => 'n', standing: [alert('a')] }).book ?? emptyBook;
  const failed = { ok: false, problem: 'it is down' } as const;

  it('is repeated with growing waits, an hour at most, and is given up after a day', () => {
    let book: ReceiverBook<string> = made;
    const waits: number[] = [];
    for (let now = start; book.outgoing !== undefined;) {
      book = settleAttempt(beginAttempt(book, now), 'n', now, failed);
      const dueAt = deliveryDueAt(book, now);
      if (dueAt === undefined) break;
      waits.push(dueAt - now);
      now = dueAt;
    }
    assert.deepEqual(waits.slice(0, 8).map((ms) => ms / 1000), [10, 30, 60, 300, 900, 1800, 3600, 3600]);
    assert.ok(waits.reduce((sum, ms) => sum + ms, 0) < giveUpAfterMs + 2 * hour && waits.length < 40, `${waits.length} attempts`);
    assert.deepEqual([book.past[0]?.problem, book.past[0]?.attempts], ['it is down', waits.length + 1]);
  });

  it('waits for an attempt that is under way until its time is over, and not longer where the process has ended', () => {
    const begun = beginAttempt(made, start);
    assert.equal(deliveryDueAt(begun, start), start + attemptMs + 10_000);
    assert.equal(deliveryDueAt(recoverAttempt(begun, start + 2000), start), start + 12_000);
    assert.equal(deliveryDueAt(recoverAttempt(made, start), start), start, 'what was never tried waits for nothing');
  });

  it('waits as long as the receiver has asked for, an hour at most', () => {
    const after = (retryAfterMs: number): number => (deliveryDueAt(settleAttempt(beginAttempt(made, start), 'n', start, { ...failed, retryAfterMs }), start) ?? 0) - start;
    assert.deepEqual([after(1), after(2 * minute), after(30 * hour)], [10_000, 2 * minute, hour]);
  });

  it('that another daemon has settled stays as it is', () => {
    const delivered = settleAttempt(beginAttempt(made, start), 'n', start, { ok: true });
    assert.equal(settleAttempt(delivered, 'n', start, failed), delivered);
  });

  it('is due soon after the wall clock was set back', () => {
    const book = settleAttempt(beginAttempt(made, start), 'n', start, failed);
    assert.ok((deliveryDueAt(book, start - 300 * 24 * hour) ?? 0) <= start - 300 * 24 * hour);
  });
});

describe('quiet hours', () => {
  const at = (hours: QuietHours, time: string): boolean => isQuiet(hours, Date.parse(time));

  it('pass midnight where they end earlier in the day than they begin', () => {
    const night = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'UTC' };
    assert.deepEqual(['21:59', '22:00', '23:59', '00:00', '06:59', '07:00', '12:00'].map((time) => at(night, `2026-11-29T${time}:00Z`)), [false, true, true, true, true, false, false]);
    const noon = { fromMinute: 12 * 60, toMinute: 13 * 60, timeZone: 'UTC' };
    assert.deepEqual(['11:59', '12:00', '12:59', '13:00'].map((time) => at(noon, `2026-11-29T${time}:00Z`)), [false, true, true, false]);
  });

  it('go by the clocks of their zone, in summer and in winter, and where it is off by a quarter of an hour', () => {
    const night = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'Europe/Berlin' };
    assert.deepEqual([at(night, '2026-07-01T05:30:00Z'), at(night, '2026-12-01T05:30:00Z')], [false, true]);
    assert.equal(at({ fromMinute: 45, toMinute: 46, timeZone: 'Asia/Kathmandu' }, '2026-11-28T19:00:00Z'), true);
  });
});
