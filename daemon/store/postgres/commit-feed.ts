import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Committed } from '../store.ts';
import type { DaemonMemory } from './daemon-memory.ts';
import type { Heard } from './daemon-seat.ts';
import { allFigures, committedOf, standingFigures, standingQueues } from './figures.ts';
import type { PostgresWriter } from './postgres-writer.ts';
import { Session, list } from './session.ts';
import { toldAsOne, type Told } from './told.ts';
import type { Transaction } from './transaction.ts';

export interface FeedOptions {
  /** For LISTEN: it has to lead to the server itself. */
  readonly url: string;
  readonly schema: string;
  readonly writer: PostgresWriter;
  readonly memory: DaemonMemory;
  readonly clock: Clock;
  readonly tell: (committed: Committed) => void;
}

/** How often a daemon looks for what others have committed, in milliseconds: while something happens, while nothing does, and where hints come, in case that one was lost. */
const lookMs = { busy: 250, idle: 1000, hinted: 2000 } as const;
/** It counts as busy for so long after the last commit of anybody, in milliseconds. */
const busyForMs = 10_000;
/** Hints of one daemon are at least so far apart, in milliseconds. */
const hintMs = 20;
/** Hints lead each daemon to look at most once in so many milliseconds for each of the others: a thousand times a second all together, however many there are. */
const lookPerOtherMs = 1;
/** How long a hint of a daemon to itself may take, before hints are taken not to come, in milliseconds. */
const echoMs = 2000;
const notify = 'SELECT pg_notify($1, $2)';
/** Between two attempts to hear hints, in milliseconds. */
const relistenMs = 30_000;

/**
 * Hears what other daemons have committed, and tells it as if it were this one's. Their rows are followed by the numbers that each daemon gives its transactions: those never
 * overlap within a daemon, so no row appears behind one that was read. A hint (NOTIFY, on a connection of its own, never within a transaction that anybody waits for) says when
 * to look; without it, it looks now and then.
 */
export class CommitFeed {
  readonly #options: FeedOptions;
  #heard = new Map<number, number>();
  #listening: Session | undefined;
  /** Hints come. Behind a pooler LISTEN is accepted, and brings nothing. */
  #isHinted = false;
  #listenedAt = -Infinity;
  #timer: Timer | undefined;
  #hintTimer: Timer | undefined;
  #hintedAt = -Infinity;
  #lookTimer: Timer | undefined;
  #lookedAt = -Infinity;
  #busyAt = -Infinity;
  #hearing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isRunning = false;
  /** Everything is to be told, whatever has been heard. */
  #readsAll = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Resolves when it is asked whether hints come. Rejects never. */
  async start(heard: Heard): Promise<void> {
    this.#heard = new Map(heard);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#schedule();
    await this.#listen();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#hintTimer?.cancel();
    this.#lookTimer?.cancel();
    await this.#next;
    await this.#hearing;
    await this.#listening?.end();
  }

  /** Whether hints come; undefined while that isn't known yet. */
  get hints(): boolean | undefined {
    if (this.#isHinted && this.#listening?.isLost === false) return true;
    return this.#options.clock.monotonic() < this.#listenedAt + echoMs ? undefined : false;
  }

  /** This daemon has committed. */
  hint(): void {
    const { clock, memory } = this.#options;
    this.#busyAt = clock.monotonic();
    if (!this.#isHinted || memory.isAlone || this.#hintTimer !== undefined) return;
    this.#hintTimer = clock.setTimer(Math.max(0, this.#hintedAt + hintMs - clock.monotonic()), () => {
      this.#hintTimer = undefined;
      this.#hintedAt = clock.monotonic();
      void this.#notify(String(this.#options.memory.daemon)).catch(() => {});
    });
  }

  /** Looks now: what was committed before the call has been heard when it resolves. Rejects never: what can't be read now is read later. */
  hear(): Promise<void> {
    // The look that is under way may have begun before that; those that are asked for meanwhile share the next.
    this.#next ??= this.#hearing.then(() => {
      this.#next = undefined;
      this.#hearing = this.#hear().catch(() => {});
      return this.#hearing;
    });
    return this.#next;
  }

  /** The store is as it was some time ago, with these last numbers of daemons: everything is told as it stands. */
  goneBack(lastOf: Heard): Promise<void> {
    this.#heard = new Map(lastOf);
    this.#readsAll = true;
    return this.hear();
  }

  /** Of each daemon the number of the last transaction that was heard of. */
  get heard(): Heard {
    return this.#heard;
  }

  /** Another daemon says that it has committed. */
  #hearSoon(): void {
    if (this.#lookTimer !== undefined) return;
    const { clock, memory } = this.#options;
    const waitMs = this.#lookedAt + memory.others * lookPerOtherMs - clock.monotonic();
    if (waitMs <= 0) void this.hear();
    else {
      this.#lookTimer = clock.setTimer(waitMs, () => {
        this.#lookTimer = undefined;
        void this.hear();
      });
    }
  }

  async #hear(): Promise<void> {
    const { writer, memory, tell, clock } = this.#options;
    this.#lookedAt = clock.monotonic();
    const committed = await writer.look(async (tx) => {
      const { rows, isGap: hasMissed } = await this.#news(tx);
      const isGap = hasMissed || this.#readsAll;
      if (rows.length === 0 && !isGap) return undefined;
      if (isGap) memory.forgetStore();
      const told = isGap ? await this.#everything(tx) : toldAsOne(rows.map((row) => row.told));
      const figures = standingFigures(tx, memory.figures, told);
      const [news, standing] = await Promise.all([committedOf(tx, told, figures), isGap ? standingQueues(tx) : undefined]);
      memory.figures = await figures;
      if (told.cascades === true) memory.cascadePlaces.clear();
      for (const { daemon, seq } of rows) this.#heard.set(daemon, seq);
      this.#readsAll = false;
      return standing === undefined ? news : { ...news, queues: standing };
    });
    if (committed === undefined) return;
    this.#busyAt = clock.monotonic();
    memory.isAlone = false;
    tell(committed);
  }

  /** What may have been told meanwhile, where that isn't known any more: as much as can be read of it now. */
  async #everything(tx: Transaction): Promise<Told> {
    const [queues, cancelled] = await Promise.all([
      tx.values('SELECT id FROM queues ORDER BY id'),
      tx.values("SELECT id FROM jobs WHERE state = 'active' AND daemon = $1 AND cancel_cause = 'person' ORDER BY id", [this.#options.memory.daemon]),
    ]);
    return { queues: [], ...allFigures, declared: true, orders: queues.map(([id]) => Number(id)), ...(cancelled.length === 0 ? {} : { aborting: cancelled.map(([id]) => Number(id)) }) };
  }

  /** Rows of the others since those that were heard. `isGap`: some had been deleted before they were. */
  async #news(tx: Transaction): Promise<{ readonly rows: readonly { readonly daemon: number; readonly seq: number; readonly told: Told }[]; readonly isGap: boolean }> {
    const known = [...this.#heard];
    const found = await tx.values(
      `SELECT c.daemon, c.seq, c.told FROM daemons d LEFT JOIN unnest($2::bigint[], $3::bigint[]) AS k (daemon, seq) ON k.daemon = d.id
       JOIN LATERAL (SELECT c.daemon, c.seq, c.told, c.at FROM commits c WHERE c.daemon = d.id AND c.seq > coalesce(k.seq, 0)) c ON true
       WHERE d.id <> $1 ORDER BY c.at, c.daemon, c.seq`,
      [this.#options.memory.daemon, list(known.map(([daemon]) => daemon)), list(known.map(([, seq]) => seq))],
    );
    const rows = found.map(([daemon, seq, told]) => ({ daemon: Number(daemon), seq: Number(seq), told: JSON.parse(String(told)) as Told })).sort((one, other) => (one.daemon === other.daemon ? one.seq - other.seq : 0));
    const firsts = new Map<number, number>();
    for (const { daemon, seq } of rows) if (!firsts.has(daemon)) firsts.set(daemon, seq);
    return { rows, isGap: [...firsts].some(([daemon, seq]) => seq > (this.#heard.get(daemon) ?? 0) + 1) };
  }

  #schedule(): void {
    if (!this.#isRunning) return;
    const { clock } = this.#options;
    const isBusy = clock.monotonic() < this.#busyAt + busyForMs;
    const waitMs = this.#isHinted ? lookMs.hinted : isBusy ? lookMs.busy : lookMs.idle;
    this.#timer = clock.setTimer(waitMs, () => {
      void this.#listen();
      void this.hear().then(() => this.#schedule());
    });
  }

  /** Asks for hints, and finds out by one of its own whether they come. */
  async #listen(): Promise<void> {
    const { clock, url, writer } = this.#options;
    if (this.#listening?.isLost === false || clock.monotonic() < this.#listenedAt + relistenMs) return;
    this.#listenedAt = clock.monotonic();
    this.#isHinted = false;
    try {
      const session = await Session.connect({ url, isPreparing: () => false });
      this.#listening = session;
      const echo = randomBytes(8).toString('hex');
      let timer: Timer | undefined;
      session.onNotification((payload) => {
        if (payload === echo) {
          timer?.cancel();
          this.#isHinted = true;
          // One that took itself for alone looks, and finds that this one has opened the store.
          void this.#notify(String(this.#options.memory.daemon)).catch(() => {});
        } else if (payload !== String(this.#options.memory.daemon)) this.#hearSoon();
      });
      await session.exec(`LISTEN ${this.#channel}`);
      // On another connection: what a connection tells itself comes back at the end of its own transaction, behind a transaction pooler too.
      await writer.withSession((other) => other.run(notify, [this.#channel, echo]));
      if (this.hints !== true) timer = clock.setTimer(echoMs, () => void session.end());
      if (!this.#isRunning) await session.end();
    } catch {
      this.#isHinted = false;
    }
  }

  async #notify(payload: string): Promise<void> {
    await this.#listening?.run(notify, [this.#channel, payload]);
  }

  /** Of a name of at most 63 bytes, as all of Postgres, and without anything that would have to be quoted. */
  get #channel(): string {
    return `sluice_${Buffer.from(this.#options.schema).toString('hex').slice(0, 48)}`;
  }
}
