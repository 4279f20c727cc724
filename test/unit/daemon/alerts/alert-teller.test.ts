import assert from 'node:assert/strict';
import type { AlertLetter } from '../../../../daemon/alerts/alert-letter.ts';
import { AlertTeller } from '../../../../daemon/alerts/alert-teller.ts';
import type { SentLetter } from '../../../../daemon/alerts/letter-sender.ts';
import { groupMs } from '../../../../daemon/core/alert-notice.ts';
import { attemptMs } from '../../../../daemon/core/notice-delivery.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { AlertFacts } from '../../../../schemas/protocol/alert.ts';
import type { AlertReceiver } from '../../../../schemas/workflow/alert-receiver.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryStore } from '../../../support/memory-store/memory-store.ts';
import { MemoryTables } from '../../../support/memory-store/memory-tables.ts';

const second = 1000;
const minute = 60 * second;

const chat: AlertReceiver = { target: { kind: 'webhook', url: { kind: 'literal', value: 'https://chat.example.com/hook' } }, from: 'warning' };
const ops: AlertReceiver = { target: { kind: 'email', to: ['ops@example.com'], connection: 'esp' }, from: 'error' };

function raised(queue: string, severity: AlertFacts['severity'] = 'error', since = '2026-01-05T09:00:00.000Z'): AlertFacts {
  return { queue, kind: 'dead-letters', severity, since, value: 3, threshold: 1, unit: 'jobs' };
}

interface Sent {
  readonly by: string;
  readonly to: string;
  readonly letter: AlertLetter;
  readonly id: string;
}

/** Daemons that tell receivers, over one store that outlives them; `sent` is what leaves. */
class TellerBench {
  readonly clock = new FakeClock();
  readonly tables = new MemoryTables();
  readonly sent: Sent[] = [];
  readonly logged: string[] = [];
  receivers: readonly AlertReceiver[] = [chat];
  alerts: readonly AlertFacts[] = [];
  /** How the other side answers. */
  answer: (sent: Sent) => Promise<SentLetter> = async () => ({ ok: true, answered: '200' });
  isShared = false;
  /** The store refuses what is written. */
  isFull = false;
  leader = 'one';
  #ids = 0;
  #dead = new Set<string>();

  tell(by = 'one'): AlertTeller {
    const store = new MemoryStore(this.tables, by);
    const log = (level: string) => (details: object, message: string): void => void this.logged.push(`${level} ${message} ${JSON.stringify(details)}`);
    // A process that has ended waits for ever.
    const alive = <Value>(value: Promise<Value>): Promise<Value> => (this.#dead.has(by) ? new Promise(() => {}) : value);
    return new AlertTeller({
      clock: this.clock,
      store: {
        isShared: this.isShared,
        listAlertBooks: () => alive(store.listAlertBooks()),
        keepAlertBook: (params) => alive(this.isFull ? Promise.reject(new CodedError('store-unavailable', 'the disk is full')) : store.keepAlertBook(params)),
      },
      origin: { project: 'shop', host: 'server' },
      receivers: () => this.receivers,
      raised: () => (this.leader === by ? this.alerts : undefined),
      leads: () => this.leader === by,
      send: async (target, letter, { id }) => {
        const one = { by, to: target.kind === 'email' ? target.to.join() : 'chat', letter, id };
        this.sent.push(one);
        return alive(this.answer(one));
      },
      newId: () => `n${this.#ids++}`,
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      onStoreError: (error) => void this.logged.push(`store ${String(error)}`),
    });
  }

  /** `kill -9`. */
  die(by = 'one'): void {
    this.#dead.add(by);
    this.clock.forget();
  }

  begin(): void {
    this.#dead.clear();
    this.clock.begin();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, () => this.rest());
  }

  async rest(): Promise<void> {
    for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  get texts(): readonly string[] {
    return this.sent.map(({ to, letter }) => `${to}: ${letter.subject}`);
  }
}

describe('telling people of alerts', () => {
  let bench: TellerBench;
  beforeEach(() => {
    bench = new TellerBench();
    bench.clock.begin();
  });

  it('tells each receiver what it asked for, once at the begin and once at the end', async () => {
    bench.receivers = [chat, ops];
    const teller = bench.tell();
    bench.alerts = [raised('erp'), raised('crm', 'warning')];
    await teller.start();
    await bench.advance(minute);
    assert.deepEqual(bench.texts, ['chat: Alerts in shop: 1 error, 1 warning', 'ops@example.com: Error in shop: dead letters (erp)']);
    assert.deepEqual(bench.sent[0]?.letter.lines, ['Error: Dead letters of erp: 3; the threshold is 1.', 'Warning: Dead letters of crm: 3; the threshold is 1.']);
    bench.alerts = [];
    await teller.look();
    await bench.advance(minute);
    assert.deepEqual(bench.texts.slice(2), ['chat: Alerts in shop: 2 are over', 'ops@example.com: Over in shop: dead letters (erp)']);
    await bench.advance(60 * minute);
    assert.equal(bench.sent.length, 4);
    await teller.stop();
  });

  it('tells once what began before a restart: one that was orderly, and a crash before anything was sent', async () => {
    bench.alerts = [raised('erp')];
    let teller = bench.tell();
    await teller.start();
    await bench.advance(groupMs - second);
    bench.die();
    bench.begin();
    teller = bench.tell();
    await teller.start();
    await bench.advance(minute);
    await teller.stop();
    teller = bench.tell();
    await teller.start();
    await bench.advance(minute);
    assert.deepEqual(bench.texts, ['chat: Error in shop: dead letters (erp)']);
  });

  it('repeats a notice once, with the same id, where the process dies between sending it and noting that', async () => {
    bench.alerts = [raised('erp')];
    bench.answer = () => new Promise(() => {});
    await bench.tell().start();
    await bench.advance(groupMs + second);
    assert.equal(bench.sent.length, 1);
    bench.die();
    bench.begin();
    bench.answer = async () => ({ ok: true, answered: '200' });
    const teller = bench.tell();
    await teller.start();
    await bench.advance(second);
    assert.equal(bench.sent.length, 1, 'it waits as after a failure: a daemon that dies each time it sends does no more than that');
    await bench.advance(60 * minute);
    assert.deepEqual(bench.sent.map(({ id }) => id), ['n0', 'n0']);
    await teller.stop();
  });

  it('tries again with growing waits, says why, and tells the difference when the receiver is there again', async () => {
    bench.receivers = [ops];
    bench.alerts = [raised('erp')];
    bench.answer = async () => ({ ok: false, problem: 'esp answered 451.' });
    const teller = bench.tell();
    await teller.start();
    await bench.advance(4 * minute);
    assert.equal(bench.sent.length, 4, 'after 10 s, 30 s, 1 min');
    const [standing] = await teller.standing();
    assert.deepEqual([standing?.book.outgoing?.failure?.problem, standing?.book.outgoing?.attempts], ['esp answered 451.', 4]);
    assert.equal(bench.logged.filter((line) => line.startsWith('warn alerts could not be told')).length, 1, 'once, and not at each attempt');
    bench.alerts = [raised('crm')];
    await teller.look();
    bench.answer = async () => ({ ok: true, answered: '250 OK' });
    await bench.advance(10 * minute);
    assert.deepEqual(bench.texts.slice(4), ['ops@example.com: Error in shop: dead letters (erp)', 'ops@example.com: Alerts in shop: 1 error, 1 is over']);
    assert.equal(new Set(bench.sent.map(({ id }) => id)).size, 2);
    const [after] = await teller.standing();
    assert.deepEqual([after?.book.outgoing, after?.book.past.map(({ attempts }) => attempts)], [undefined, [1, 5]]);
    await teller.stop();
  });

  it('sends a notice that was delivered no second time where the store could not note it', async () => {
    bench.alerts = [raised('erp')];
    const teller = bench.tell();
    bench.answer = async () => {
      bench.isFull = true;
      return { ok: true, answered: '200' };
    };
    await teller.start();
    await bench.advance(30 * minute);
    bench.isFull = false;
    await bench.advance(30 * minute);
    assert.equal(bench.sent.length, 1);
    assert.equal((await teller.standing())[0]?.book.past.length, 1);
    assert.ok(bench.logged.some((line) => line.startsWith('store ')));
    await teller.stop();
  });

  it('is one of several daemons that tells: another one that leads goes on where it stopped', async () => {
    bench.isShared = true;
    bench.alerts = [raised('erp')];
    const one = bench.tell('one');
    const two = bench.tell('two');
    await Promise.all([one.start(), two.start()]);
    await bench.advance(minute);
    bench.leader = 'two';
    await Promise.all([one.look(), two.look()]);
    await bench.advance(minute);
    bench.alerts = [];
    await Promise.all([one.look(), two.look()]);
    await bench.advance(minute);
    assert.deepEqual(bench.sent.map(({ by, letter }) => `${by}: ${letter.subject}`), ['one: Error in shop: dead letters (erp)', 'two: Over in shop: dead letters (erp)']);
    await Promise.all([one.stop(), two.stop()]);
  });

  it('waits for what the daemon before it may still be sending, and sends it with the same id', async () => {
    bench.isShared = true;
    bench.alerts = [raised('erp')];
    bench.answer = () => new Promise(() => {});
    await bench.tell('one').start();
    await bench.advance(groupMs + second);
    bench.leader = 'two';
    bench.answer = async () => ({ ok: true, answered: '200' });
    const two = bench.tell('two');
    await two.start();
    await bench.advance(attemptMs);
    assert.deepEqual(bench.sent.map(({ by }) => by), ['one']);
    await bench.advance(minute);
    assert.deepEqual(bench.sent.map(({ by, id }) => [by, id]), [['one', 'n0'], ['two', 'n0']]);
    await two.stop();
  });

  it('tells a receiver that is new what is raised, and forgets one that is gone', async () => {
    bench.alerts = [raised('erp')];
    const teller = bench.tell();
    await teller.start();
    await bench.advance(minute);
    bench.receivers = [ops];
    await teller.look();
    await bench.advance(minute);
    assert.deepEqual(bench.texts, ['chat: Error in shop: dead letters (erp)', 'ops@example.com: Error in shop: dead letters (erp)']);
    assert.equal((await new MemoryStore(bench.tables, 'one').listAlertBooks()).length, 1);
    await teller.stop();
  });

  it('tells nothing of a queue that a person has muted, over restarts, until that ends', async () => {
    let teller = bench.tell();
    await teller.start();
    await teller.mute('erp', bench.clock.now() + 60 * minute);
    bench.alerts = [raised('erp'), raised('crm')];
    await teller.look();
    await bench.advance(minute);
    await teller.stop();
    teller = bench.tell();
    await teller.start();
    await bench.advance(30 * minute);
    assert.deepEqual(bench.texts, ['chat: Error in shop: dead letters (crm)']);
    await bench.advance(30 * minute);
    assert.deepEqual(bench.texts.slice(1), ['chat: Error in shop: dead letters (erp)']);
    assert.deepEqual(await teller.mutes(), []);
    await teller.mute('erp', 'forever');
    bench.alerts = [raised('crm')];
    await teller.look();
    await bench.advance(minute);
    assert.equal(bench.sent.length, 2);
    await teller.mute('erp', undefined);
    await bench.advance(minute);
    assert.deepEqual(bench.texts.slice(2), ['chat: Over in shop: dead letters (erp)']);
    await teller.stop();
  });

  it('costs nothing while nothing is raised', async () => {
    const teller = bench.tell();
    await teller.start();
    await bench.advance(minute);
    assert.equal(bench.clock.nextTimerAt(), undefined);
    await teller.stop();
  });
});
