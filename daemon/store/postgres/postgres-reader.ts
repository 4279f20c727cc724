import type { StoreRead } from '../store-calls.ts';
import type { Clock } from '../../core/clock.ts';
import { KeptWorkflows } from '../../core/kept-workflows.ts';
import { bulkJobs, bulkTally, deadDrafts, deadGroups, draftedJobs, getBulk, listBulks, replayTally } from './queries/dead-letters.ts';
import { getDelivery, listDeliveries } from './queries/deliveries.ts';
import { check, jobsAhead, listAlertBooks, listAlerts, oldestPending, series, sizeOf } from './queries/figures.ts';
import { getJob, listJobs } from './queries/jobs.ts';
import { signalLink, signalWaits } from './queries/signals.ts';
import { evaluate, getRun, listRuns, listSchedules, workflowVersion } from './queries/runs.ts';
import { Session } from './session.ts';
import { codedConnectError, codedStoreError, isUnprepared, needsOtherConnection, placeOf, type StorePlace } from './store-error.ts';
import { Transaction, type Access } from './transaction.ts';

/** Each as of one instant. */
const views: { readonly [Name in StoreRead]: (tx: Transaction, params: never, workflows: KeptWorkflows) => Promise<unknown> } = {
  listDeliveries, getDelivery, workflowVersion, listRuns, getRun, listJobs, getJob, deadGroups, deadDrafts, draftedJobs, replayTally, evaluate, signalWaits, signalLink, getBulk, listBulks, bulkTally, bulkJobs, listSchedules, series, listAlerts, listAlertBooks,
  oldestPending, jobsAhead, size: sizeOf, check,
};

/** Views that are looked at at the same time, at most: each has a connection meanwhile. */
const mostSessions = 3;
/** How long the server may be silent while it is asked for a view, in milliseconds. */
const patienceMs = 60_000;
/** The same for what this daemon writes apart, in milliseconds: less than half of what is left of its lease when it checks in, so that another connection can be tried. */
const apartPatienceMs = 7000;

/** Connections of their own for what people look at, so that no list keeps a claim waiting, and for what must not wait for what is written. They are made when they are needed. */
export class PostgresReader {
  readonly #url: string;
  readonly #place: StorePlace;
  readonly #clock: Clock;
  readonly #workflows = new KeptWorkflows();
  #idle: Session[] = [];
  #busy = 0;
  readonly #waiting: (() => void)[] = [];
  #isPreparing = true;
  #isClosed = false;

  constructor({ url, schema, clock }: { readonly url: string; readonly schema: string; readonly clock: Clock }) {
    this.#url = url;
    this.#clock = clock;
    this.#place = placeOf(url, schema);
  }

  read(name: StoreRead, params: object): Promise<unknown> {
    return this.look((tx) => views[name](tx, params as never, this.#workflows));
  }

  /** As of one instant. */
  async look<Value>(work: (tx: Transaction) => Promise<Value>): Promise<Value> {
    while (this.#busy >= mostSessions) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy++;
    try {
      return await this.#transact('look', patienceMs, work);
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  /** See `Access`. However many views are looked at. `work` may be begun again, though it was done. */
  apart<Value>(work: (tx: Transaction) => Promise<Value>): Promise<Value> {
    return this.#transact('apart', apartPatienceMs, work);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.map((session) => session.end()));
    this.#idle = [];
  }

  async #transact<Value>(access: Access, silenceMs: number, work: (tx: Transaction) => Promise<Value>): Promise<Value> {
    for (let tries = 1; ; tries++) {
      const session = await this.#connected();
      try {
        return await session.patiently(this.#clock, () => silenceMs, () => this.#once(session, access, work));
      } catch (error) {
        if (needsOtherConnection(error)) session.abandon();
        if (isUnprepared(error)) this.#isPreparing = false;
        // One that lay idle may have been cut off long ago.
        else if (!session.isLost || tries > 1) throw codedStoreError(error, this.#place, session.isLost);
      } finally {
        if (this.#isClosed) void session.end();
        else if (!session.isLost) this.#idle.push(session);
      }
    }
  }

  async #once<Value>(session: Session, access: Access, work: (tx: Transaction) => Promise<Value>): Promise<Value> {
    const tx = new Transaction(session, access, this.#place.schema);
    try {
      const value = await work(tx);
      await tx.commit();
      return value;
    } catch (error) {
      await tx.rollback();
      throw tx.causeOf(error);
    }
  }

  async #connected(): Promise<Session> {
    const idle = this.#idle.pop();
    if (idle !== undefined && !idle.isLost) return idle;
    try {
      return await Session.connect({ url: this.#url, isPreparing: () => this.#isPreparing });
    } catch (error) {
      throw codedConnectError(error, this.#place);
    }
  }
}
