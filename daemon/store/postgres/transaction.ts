import type { Values } from '../row-columns.ts';
import { lockOf } from './migrations.ts';
import { isAborted } from './store-error.ts';
import { identifier, type Row, type Session, type Value } from './session.ts';

/**
/**
 * `beside`: others write at the same time, and the rows that are read for a decision are locked. `alone`: nobody else writes, so that whatever is read stays so; it may change what others have under
 * way. `sole`: the same for what others could write beside, as none are known: no rows are locked. `look`: reads everything as of one instant. `apart`: writes what is this daemon's alone, and waits
 * for nobody who has the project's lock.
 */
export type Access = 'beside' | 'sole' | 'alone' | 'look' | 'apart';
/** What a batch may ask for. */
export type BatchAccess = Extract<Access, 'beside' | 'alone'>;

/** The sequence whose numbers say that a transaction has had the store alone, see `OwnJobs`. */
export const loneTransactions = 'lone_transactions';
const takeNumber = `SELECT nextval('${loneTransactions}')`;

/** Thrown within a transaction that turns out to need the store alone: it begins again so. */
export class NeedsAlone extends Error {
  override readonly name = 'NeedsAlone';
}

/**
 * A transaction whose owner is silent for so long is ended by the server, in milliseconds: a daemon that hangs, or lost its connection unnoticed, gives its locks back, long before
 * the others, which wait for them, have to take themselves for cut off.
 */
const silentMs = 5000;
/** How long a lock is waited for, in milliseconds. */
const lockMs = 20_000;
/**
 * Each statement that decides or writes finds its rows by an index, in any store. It is planned once, whatever it is given; and not by a table that was empty when it was: a plan that
 * reads all of it would be kept until statistics come, over the first hundred thousand jobs.
 */
const steadyPlans = 'SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;';

/**
 * One transaction. Statements are sent at once, so what doesn't depend on answers goes out together; `commit` waits for all of them. Its settings are its own and end with it, as
 * they have to behind a pooler.
 */
export class Transaction {
  readonly session: Session;
  readonly access: Access;
  readonly #sent: Promise<unknown>[] = [];
  readonly #begun: Promise<unknown>;
  #failure: unknown;
  #isNumbered: boolean;
  /** The statement that ends it has been sent: if the connection is lost now, it may have happened or not. */
  isEnding = false;

  constructor(session: Session, access: Access, schema: string) {
    this.session = session;
    this.access = access;
    this.#isNumbered = access === 'alone';
    const mode = access === 'look' ? 'ISOLATION LEVEL REPEATABLE READ, READ ONLY' : 'ISOLATION LEVEL READ COMMITTED';
    const lock = access === 'look' || access === 'apart' ? '' : `SET LOCAL lock_timeout = ${lockMs}; ${steadyPlans} SELECT pg_advisory_xact_lock${access === 'beside' ? '_shared' : ''}(${lockOf(schema)}); ${access === 'alone' ? takeNumber : ''}`;
    // How long a statement may take is a setting for people's own queries, by whoever administers the server.
    const limits = `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = ${silentMs};`;
    this.#begun = this.#keep(session.exec(`BEGIN ${mode}; SET LOCAL search_path TO ${identifier(schema)}; ${limits} SET LOCAL jit = off; ${lock}`));
  }

  rows(text: string, values?: readonly Value[]): Promise<readonly Row[]> {
    return this.#keep(this.session.rows(text, values));
  }

  values(text: string, values?: readonly Value[]): Promise<readonly Values[]> {
    return this.#keep(this.session.values(text, values));
  }

  run(text: string, values?: readonly Value[]): Promise<number> {
    return this.#keep(this.session.run(text, values));
  }

  async one(text: string, values?: readonly Value[]): Promise<Row | undefined> {
    const [row] = await this.rows(text, values);
    return row;
  }

  /** For a statement that reads rows to decide on them. Rows are locked in the order of their numbers, jobs first, then steps, then runs, so that two transactions seldom wait for each other. */
  get locking(): string {
    return this.access === 'beside' ? 'FOR NO KEY UPDATE' : '';
  }

  /** @throws NeedsAlone */
  needAlone(): void {
    if (this.access === 'beside') throw new NeedsAlone('what is decided depends on rows that others may be changing');
    if (this.#isNumbered) return;
    this.#isNumbered = true;
    void this.values(takeNumber);
  }

  /** `onSent`: the statement that ends it is on its way. */
  async commit(onSent: () => void = () => {}): Promise<void> {
    // Sent sooner, it could be on its way, to be read later, while another connection that has the lock finds that nothing was committed.
    await this.#begun;
    this.isEnding = true;
    const ended = this.#keep(this.session.exec('COMMIT'));
    onSent();
    for (const sent of this.#sent) await sent;
    // After a statement that failed, COMMIT takes everything back, and says so only by this word.
    if ((await ended) !== 'COMMIT') throw new Error('the transaction was rolled back');
  }

  /** Why it has failed: of what was thrown, if that only says that a statement before had failed, the failure of that one. */
  causeOf(thrown: unknown): unknown {
    return isAborted(thrown) ? (this.#failure ?? thrown) : thrown;
  }

  /** Takes everything back. Never rejects. */
  async rollback(): Promise<void> {
    if (this.session.isLost) return;
    await this.session.exec('ROLLBACK').catch(() => {});
    await Promise.allSettled(this.#sent);
  }

  /** Nobody may be waiting for it when it fails: `commit` looks at all. */
  #keep<Answer>(answer: Promise<Answer>): Promise<Answer> {
    answer.catch((error: unknown) => {
      this.#failure ??= error;
    });
    this.#sent.push(answer);
    return answer;
  }
}
